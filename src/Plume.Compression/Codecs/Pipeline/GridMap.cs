using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Weights;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>A run of a block's coded values that share a grid.</summary>
readonly record struct GridRun(int Start, int Length, int Grid);

/// <summary>Which grid each coded value belongs to, for one quantizer and the counts of the blocks at hand.</summary>
sealed class GridMap
{
    readonly QuantizeStage quantizer;
    readonly int[] firstOfTensor;

    public GridMap(QuantizeStage quantizer, IReadOnlyList<TensorSpec> tensors)
    {
        this.quantizer = quantizer;
        firstOfTensor = new int[tensors.Count + 1];
        for (int i = 0; i < tensors.Count; i++)
        {
            firstOfTensor[i + 1] = quantizer.GridScope switch
            {
                GridScope.Channel => firstOfTensor[i] + tensors[i].Channels,
                GridScope.Tensor => firstOfTensor[i] + 1,
                _ => 0,
            };
        }
    }

    /// <summary>Numbers the grids of the blocks and says how many there are.</summary>
    public int Number(Block[] blocks)
    {
        if (quantizer.GridScope == GridScope.Model)
            return 1;
        if (quantizer.GridScope != GridScope.Block)
            return firstOfTensor[^1];
        int next = 0;
        foreach (var block in blocks)
        {
            block.FirstGrid = next;
            next += (block.Count + quantizer.GridLength - 1) / quantizer.GridLength;
        }

        return next;
    }

    /// <summary>The run that begins at <paramref name="start"/> of a block's coded values; runs follow one another to its end.</summary>
    public GridRun RunAt(Block block, int start)
    {
        int left = block.Count - start;
        int tensorGrid = firstOfTensor[block.Plan.TensorIndex];
        switch (quantizer.GridScope)
        {
            case GridScope.Model or GridScope.Tensor:
                return new GridRun(start, left, tensorGrid);
            case GridScope.Block:
                return new GridRun(start, Math.Min(left, quantizer.GridLength - start % quantizer.GridLength), block.FirstGrid + start / quantizer.GridLength);
            default:
                int channelLength = block.Plan.Tensor.Length / block.Plan.Tensor.Channels;
                int place = block.Plan.Start - block.Plan.Tensor.Offset + start;
                int channel = place / channelLength;
                return new GridRun(start, Math.Min(left, (channel + 1) * channelLength - place), tensorGrid + channel);
        }
    }
}

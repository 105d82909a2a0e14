using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Weights;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>A run of a block's coded values that share a grid.</summary>
readonly record struct GridRun(int Start, int Length, int Grid);

/// <summary>Which grid each coded value belongs to, for one quantizer and the counts of the blocks at hand.</summary>
sealed class GridMap
{
    readonly QuantizeStage quantizer;
    readonly int[] firstOfTensor, innerOfTensor;

    public GridMap(QuantizeStage quantizer, IReadOnlyList<TensorSpec> tensors)
    {
        this.quantizer = quantizer;
        firstOfTensor = new int[tensors.Count + 1];
        innerOfTensor = [.. tensors.Select(tensor => tensor.Length == 0 ? 1
            : tensor.Shape.Skip(tensor.Axis + 1).Aggregate(1, (product, length) => product * length))];
        for (int i = 0; i < tensors.Count; i++)
        {
            firstOfTensor[i + 1] = quantizer.GridScope switch
            {
                GridScope.Channel => firstOfTensor[i] + tensors[i].Outputs,
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

    /// <summary>Whether the runs of a block's tensor come to the same grids again and again.</summary>
    public bool Repeats(Block block) => quantizer.GridScope == GridScope.Channel && block.Plan.Tensor.Axis > 0;

    /// <summary>The first grid of a block's tensor, and how many there are, where each tensor has its own.</summary>
    public (int First, int Count) GridsOf(Block block) => (firstOfTensor[block.Plan.TensorIndex], block.Plan.Tensor.Outputs);

    /// <summary>
    /// The run that begins at <paramref name="start"/> of a block's coded values; runs follow one another to its end.
    /// </summary>
    public GridRun RunAt(Block block, int start)
    {
        int left = block.Count - start;
        int tensorGrid = firstOfTensor[block.Plan.TensorIndex];
        switch (quantizer.GridScope)
        {
            case GridScope.Model or GridScope.Tensor:
                return new GridRun(start, left, tensorGrid);
            case GridScope.Block:
                return new GridRun(start, Math.Min(left, quantizer.GridLength - start % quantizer.GridLength),
                    block.FirstGrid + start / quantizer.GridLength);
            default:
                int channelLength = innerOfTensor[block.Plan.TensorIndex];
                int place = block.Plan.Start - block.Plan.Tensor.Offset + start;
                int stretch = place / channelLength;
                // Along the first axis stretches are channels; along another they come again.
                int channel = block.Plan.Tensor.Axis == 0 ? stretch : stretch % block.Plan.Tensor.Outputs;
                return new GridRun(start, Math.Min(left, (int)Math.Min(int.MaxValue, (stretch + 1L) * channelLength) - place),
                    tensorGrid + channel);
        }
    }
}

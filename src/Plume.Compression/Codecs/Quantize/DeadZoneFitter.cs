using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Weights;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>
/// Finds the steps of a <see cref="DeadZone"/>: of each tensor from its energy, or the one that a search tries.
/// </summary>
sealed class DeadZoneFitter(DeadZone quantizer, CodecPlan plan) : GridFitter
{
    /// <summary>Biases and small tensors, where each tensor has its own step, have this part of it.</summary>
    const double FinePart = 0.25;

    readonly double[] energies = new double[plan.Blocks.Length == 0 ? 0 : plan.Blocks[^1].TensorIndex + 1];
    readonly int[] counts = new int[plan.Blocks.Length == 0 ? 0 : plan.Blocks[^1].TensorIndex + 1];
    readonly float[] largest = new float[plan.Blocks.Length == 0 ? 0 : plan.Blocks[^1].TensorIndex + 1];
    readonly double[] blockEnergies = new double[plan.Blocks.Length];
    readonly float[] blockLargest = new float[plan.Blocks.Length];

    double energy;

    public override bool Fit(ReadOnlyMemory<float> values, Block[] blocks, GridMap map, Memory<Grid> grids, ParallelLoop loop)
    {
        loop.Run(blocks.Length, (this, values, blocks), static (state, index, _) =>
        {
            var coded = state.blocks[index].Coded(state.values.Span);
            state.Item1.blockEnergies[index] = LaneSums.OfSquares(coded);
            state.Item1.blockLargest[index] = Magnitudes.LargestOf(coded);
        });
        Join(blocks);
        if (!double.IsFinite(energy))
            return false;
        Largest = largest.Max();
        if (quantizer.GridScope == GridScope.Model)
        {
            grids.Span[0] = quantizer.GridOf(plan.CommonStep);
            SomeAreBeyond = Largest > quantizer.Reach(grids.Span[0], blocks[0].IsSparse);
            return true;
        }

        SomeAreBeyond = false;
        foreach (var block in blocks)
        {
            int tensor = block.Plan.TensorIndex;
            double step = quantizer.Value * Math.Sqrt(energies[tensor] / Math.Max(1, counts[tensor]));
            bool isFine = block.Plan.Tensor.Role != TensorRole.Weight || block.Plan.Tensor.Length < CodecPlan.SmallestCoded;
            grids.Span[tensor] = quantizer.GridOf(isFine ? step * FinePart : step);
            SomeAreBeyond |= largest[tensor] > quantizer.Reach(grids.Span[tensor], block.IsSparse);
        }

        return true;
    }

    // In the order of the blocks, so that the sums do not depend on threads.
    void Join(Block[] blocks)
    {
        energies.AsSpan().Clear();
        counts.AsSpan().Clear();
        largest.AsSpan().Clear();
        energy = 0;
        for (int index = 0; index < blocks.Length; index++)
        {
            int tensor = blocks[index].Plan.TensorIndex;
            energies[tensor] += blockEnergies[index];
            counts[tensor] += blocks[index].Count;
            largest[tensor] = Math.Max(largest[tensor], blockLargest[index]);
            energy += blockEnergies[index];
        }
    }
}

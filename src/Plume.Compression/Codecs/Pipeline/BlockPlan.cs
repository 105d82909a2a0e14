using Plume.Compression.Weights;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>
/// A run of at most 64 Ki values of one tensor: what every stage works on at a time, so that it stays in the core's
/// cache from the first stage to the last, and so that blocks can go to different cores.
/// </summary>
/// <param name="Tensor">The tensor it belongs to.</param>
/// <param name="TensorIndex">That tensor's number among the coded tensors.</param>
/// <param name="Start">Index of the first value in the model.</param>
/// <param name="Length">Number of values.</param>
sealed record BlockPlan(TensorSpec Tensor, int TensorIndex, int Start, int Length)
{
    /// <summary>Positions within a block fit 16 bits.</summary>
    public const int MaxLength = 1 << 16;

    public static IEnumerable<BlockPlan> Cut(TensorSpec tensor, int tensorIndex)
    {
        for (int start = 0; start < tensor.Length; start += MaxLength)
            yield return new BlockPlan(tensor, tensorIndex, tensor.Offset + start, Math.Min(MaxLength, tensor.Length - start));
    }
}

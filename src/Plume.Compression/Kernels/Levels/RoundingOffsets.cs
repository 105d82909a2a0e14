namespace Plume.Compression.Kernels.Levels;

/// <summary>
/// What is added to a magnitude in steps before it is cut to a whole number: a half less what the step from one level to the
/// next costs in bits. With Laplacian values, whose levels fall by the same ratio q, it is the same for every level.
/// </summary>
/// <remarks>
/// 0.5 + 0.055 log2(q), at least 0: a step costs -log2(q) bits, and 0.11 step^2 is the error that a bit saves at high rates,
/// ln(2) / 6 step^2, about. In 64ths, so that no machine's logarithm decides a byte.
/// Source: Sullivan, "Efficient scalar quantization of exponential and Laplacian random variables", IEEE Trans. IT 1996.
/// </remarks>
static class RoundingOffsets
{
    /// <summary>The first level of <see cref="Activity.Level"/> whose offset is not 0.</summary>
    const int First = 20;

    const float Half = 0.5f;

    static readonly byte[] In64ths = [1, 3, 6, 9, 11, 14, 17, 19, 22, 24, 26, 27, 28, 29, 30, 31, 31, 31, 31];

    static readonly float[] Offsets = [.. Enumerable.Range(0, Activity.MaxLevel + 1).Select(static level =>
        level < First ? 0 : level < First + In64ths.Length ? In64ths[level - First] / 64f : Half)];

    /// <summary>The offset of values whose mean level is that of <see cref="Activity.Level"/>.</summary>
    public static ReadOnlySpan<float> ByLevel => Offsets;
}

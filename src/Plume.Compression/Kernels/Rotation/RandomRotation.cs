using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Plume.Compression.Randomness;

namespace Plume.Compression.Kernels.Rotation;

/// <summary>
/// A random orthonormal rotation in place: signs turned at random, then a Walsh-Hadamard transform, which spreads every
/// value over all, so that each comes close to a normal one of the block's mean square.
/// </summary>
/// <remarks>
/// A length that is no power of two is not padded. With m the largest power of two in it, the first m values are rotated,
/// then, with new signs, the last m; at last values half the block apart meet, so that both ends have about the same mean
/// square. Of one value that has all the energy, the mean magnitude is then at least what a normal value's is.
/// Error: float roundings, about 2^-23 of the root mean square. Magnitudes that a float cannot hold become infinite, which the
/// sender finds; on the way back they become the largest that it can, since what was sent is the receiver's only to take.
/// Source: Suresh et al., "Distributed Mean Estimation with Limited Communication", ICML 2017, arXiv:1611.00429 (powers of two).
/// </remarks>
static class RandomRotation
{
    /// <summary>Sums of 65,536 values stay finite from here down.</summary>
    static readonly uint SafeMagnitude = Magnitudes.BitsOf(MathF.ScaleB(1, 100));

    const float Major = 0.8f;
    const float Minor = 0.6f;
    const float Down = 1f / 4294967296;
    const float Up = 4294967296;

    /// <summary>Rotates at most 65,536 finite values.</summary>
    public static void Rotate(Span<float> block, RandomKey key) => Guarded(block, key, RotateSafe, float.PositiveInfinity);

    /// <summary>Takes <see cref="Rotate"/> back, with the key that it had.</summary>
    public static void Unrotate(Span<float> block, RandomKey key) => Guarded(block, key, UnrotateSafe, float.MaxValue);

    static void RotateSafe(Span<float> block, RandomKey key)
    {
        int power = PowerIn(block);
        RandomSigns.Flip(block[..power], key);
        Hadamard.Transform(block[..power]);
        if (power == block.Length)
            return;
        RandomSigns.Flip(block[^power..], key.Fold(1));
        Hadamard.Transform(block[^power..]);
        MixEnds(block);
    }

    static void UnrotateSafe(Span<float> block, RandomKey key)
    {
        int power = PowerIn(block);
        if (power != block.Length)
        {
            MixEnds(block);
            Hadamard.Transform(block[^power..]);
            RandomSigns.Flip(block[^power..], key.Fold(1));
        }

        Hadamard.Transform(block[..power]);
        RandomSigns.Flip(block[..power], key);
    }

    static int PowerIn(ReadOnlySpan<float> block) => 1 << BitOperations.Log2((uint)block.Length);

    // Not with the weights of a Hadamard step: those would make zeros of half of all pairs of like magnitudes. Of an odd
    // length the middle value stays.
    static void MixEnds(Span<float> block)
    {
        int half = block.Length / 2;
        Span<float> low = block[..half], high = block[^half..];
        var lows = MemoryMarshal.Cast<float, Vector512<float>>(low);
        var highs = MemoryMarshal.Cast<float, Vector512<float>>(high);
        for (int i = 0; i < lows.Length && i < highs.Length; i++)
            (lows[i], highs[i]) = (lows[i] * Major + highs[i] * Minor, lows[i] * Minor - highs[i] * Major);
        for (int i = lows.Length * Vector512<float>.Count; i < half; i++)
            (low[i], high[i]) = (low[i] * Major + high[i] * Minor, low[i] * Minor - high[i] * Major);
    }

    static void Guarded(Span<float> block, RandomKey key, Action<Span<float>, RandomKey> rotate, float most)
    {
        if (block.IsEmpty)
            return;
        // What is not finite stays so, for a check to find.
        if (Magnitudes.Largest(block) is var largest && (largest <= SafeMagnitude || largest >= Magnitudes.NotFinite))
        {
            rotate(block, key);
            return;
        }

        TensorPrimitives.Multiply(block, Down, block);
        rotate(block, key);
        foreach (ref float value in block)
            value = Math.Clamp(value * Up, -most, most);
    }
}

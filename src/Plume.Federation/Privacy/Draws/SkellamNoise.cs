namespace Plume.Federation.Privacy.Draws;

/// <summary>
/// Symmetric Skellam noise on whole numbers: the difference of two Poisson variables of the same mean. Sums of such noise are
/// such noise, of the variances' sum, whoever drops out.
/// </summary>
/// <remarks>
/// Each draw is one of <see cref="SkellamChances"/>, or the sum of a few where the variance is beyond a table. Source: Agarwal,
/// Kairouz and Liu, "The Skellam Mechanism for Differentially Private Federated Learning", NeurIPS 2021, arXiv:2110.04995.
/// </remarks>
sealed class SkellamNoise
{
    readonly SkellamChances chances;
    readonly int draws;

    /// <summary>Noise of a variance.</summary>
    /// <param name="variance">Above 0, in squared whole numbers.</param>
    public SkellamNoise(double variance)
    {
        draws = (int)Math.Ceiling(variance / SkellamChances.MostVariance);
        chances = new SkellamChances(variance / draws);
    }

    /// <summary>Adds noise to words, modulo 2^32.</summary>
    /// <param name="words">The words.</param>
    /// <param name="key">32 bytes, for these words alone.</param>
    public void AddTo(Span<uint> words, byte[] key)
    {
        using var stream = new KeyStream(key);
        ReadOnlySpan<ulong> bits = [];
        foreach (ref uint word in words)
        {
            for (int left = draws; left > 0;)
            {
                if (bits.IsEmpty)
                    bits = stream.Next();
                int magnitude = chances.MagnitudeAt(new UInt128(bits[0] >> 1, bits[1]));
                bool isBelow = (bits[0] & 1) != 0;
                bits = bits[2..];
                if (magnitude < 0)
                    continue;
                word += (uint)(isBelow ? -magnitude : magnitude);
                left--;
            }
        }
    }
}

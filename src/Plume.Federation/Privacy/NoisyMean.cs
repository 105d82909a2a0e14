using Plume.Compression.Aggregation;
using Plume.Federation.Privacy.Draws;

namespace Plume.Federation.Privacy;

/// <summary>What a release is of.</summary>
/// <param name="Version">The version that is made of it, from 1.</param>
/// <param name="Messages">How many messages are in the sum; each weighs 1.</param>
/// <param name="Clip">The norm that each has at most.</param>
readonly record struct Release(int Version, double Messages, double Clip);

/// <summary>The mean of a round's messages with noise: the one place where what clients sent becomes what may be told.</summary>
/// <remarks>
/// Noise that is correlated between rounds is kept in whole numbers of the sum's grid, which is the same in all rounds. So a sum
/// with noise is a function of the sums so far with noise of their own, of bands and of earlier releases, and of nothing else.
/// </remarks>
sealed class NoisyMean
{
    // Values that noise is drawn for at once.
    const int Piece = 4096;

    // What rounding may add to a message's norm beside the grid's: floats of its values, the factor that it was scaled by.
    const double Rounding = 1e-6;

    readonly double noise, bitNoise;
    readonly double[] bands;

    /// <summary>For the rounds of a plan.</summary>
    /// <param name="privacy">How much noise, and how it is correlated.</param>
    /// <param name="rounds">How many there are.</param>
    /// <param name="participants">Those of a round.</param>
    /// <exception cref="ArgumentException">The noise of bits leaves none for updates.</exception>
    public NoisyMean(DifferentialPrivacy privacy, int rounds, int participants)
    {
        var factor = privacy.Matrix?.FactorFor(rounds);
        bands = factor is null ? [1] : [.. factor.Coefficients];
        double all = privacy.Noise;
        if (privacy.Clip is { } clip)
        {
            bitNoise = clip.BitNoise(participants);
            all = clip.UpdateNoise(all, participants)
                ?? throw new ArgumentException(string.Join(" ", clip.Problems(all, participants)), nameof(privacy));
        }

        // One participation moves a column.
        noise = factor is null ? all : all * factor.Sensitivity(separation: 1, participations: 1);
    }

    /// <summary>Whole numbers that are kept from round to round, zeros at first.</summary>
    /// <param name="privacy">How noise is correlated; null for no privacy.</param>
    /// <param name="rounds">The plan's rounds.</param>
    /// <param name="values">Those of a sum.</param>
    public static int MemoryLength(DifferentialPrivacy? privacy, int rounds, int values) =>
        privacy is not { IsAtClients: false, Matrix.Bands: var bands } ? 0 : checked((Math.Min(bands, rounds) - 1) * values);

    /// <summary>Adds noise to a sum and divides it.</summary>
    /// <param name="sum">Of the messages; stays as it is.</param>
    /// <param name="release">What it is of.</param>
    /// <param name="draws">Where noise comes from.</param>
    /// <param name="past">The noise of the last rounds, which becomes that of this one, too: <see cref="MemoryLength"/>.</param>
    /// <param name="mean">What to write.</param>
    public void Write(ExactSum sum, Release release, GaussianNoise draws, Span<long> past, Span<float> mean)
    {
        // Each value of a message is rounded to the sum's grid.
        double sensitivity = release.Clip * (1 + Rounding) + Math.Sqrt(sum.Length) * sum.Resolution;
        double deviation = noise * sensitivity * sum.Scale, factor = 1 / (release.Messages * sum.Scale);
        Span<double> drawn = new double[Math.Min(Piece, sum.Length)];
        var values = sum.Values;
        for (int start = 0; start < values.Length; start += Piece)
        {
            var piece = drawn[..Math.Min(Piece, values.Length - start)];
            draws.Fill(piece);
            for (int i = 0; i < piece.Length; i++)
                piece[i] *= deviation;
            for (int back = 1; back < bands.Length; back++)
                TakeBack(piece, bands[back], Kept(past, release.Version - back, values.Length).Slice(start, piece.Length));
            for (int i = 0; i < piece.Length; i++)
                piece[i] = Math.Round(piece[i]);
            if (bands.Length > 1)
                Keep(piece, Kept(past, release.Version, values.Length).Slice(start, piece.Length));
            for (int i = 0; i < piece.Length; i++)
                mean[start + i] = (float)((values[start + i] + piece[i]) * factor);
        }
    }

    /// <summary>The share of updates that were within the clip, with noise.</summary>
    /// <param name="sum">Of a half more or less for each, in one value.</param>
    /// <param name="messages">How many there are.</param>
    /// <param name="draws">Where noise comes from, after that of the mean.</param>
    public double ShareWithin(ExactSum sum, double messages, GaussianNoise draws)
    {
        Span<double> drawn = stackalloc double[1];
        draws.Fill(drawn);
        return 0.5 + (sum.Values[0] + Math.Round(drawn[0] * bitNoise * sum.Scale)) / (messages * sum.Scale);
    }

    // That of the round that is one further back than the bands reach makes room for the newest.
    Span<long> Kept(Span<long> past, int version, int length)
    {
        int kept = bands.Length - 1, slot = (version % kept + kept) % kept;
        return past.Slice(slot * length, length);
    }

    static void TakeBack(Span<double> noise, double band, ReadOnlySpan<long> earlier)
    {
        for (int i = 0; i < noise.Length; i++)
            noise[i] -= band * earlier[i];
    }

    static void Keep(ReadOnlySpan<double> noise, Span<long> newest)
    {
        for (int i = 0; i < noise.Length; i++)
            newest[i] = (long)noise[i];
    }
}

using Plume.Compression.Aggregation;
using Plume.Federation.Privacy.Draws;

namespace Plume.Federation.Privacy;

/// <summary>The mean of a round's messages with noise: the one place where what clients sent becomes what may be told.</summary>
static class NoisyMean
{
    // Values that noise is drawn for at once.
    const int Piece = 4096;

    // What rounding may add to a message's norm beside the grid's: floats of its values, the factor that it was scaled by.
    const double Rounding = 1e-6;

    /// <summary>Adds noise to a sum and divides it.</summary>
    /// <param name="sum">Of messages that have the clip's norm at most and weigh 1; stays as it is.</param>
    /// <param name="messages">How many they are.</param>
    /// <param name="privacy">How much noise.</param>
    /// <param name="clip">The norm.</param>
    /// <param name="noise">Where it comes from.</param>
    /// <param name="mean">What to write.</param>
    public static void Write(ExactSum sum, double messages, DifferentialPrivacy privacy, double clip, GaussianNoise noise,
        Span<float> mean)
    {
        // Each value of a message is rounded to the sum's grid.
        double sensitivity = clip * (1 + Rounding) + Math.Sqrt(sum.Length) * sum.Resolution;
        double deviation = privacy.Noise * sensitivity * sum.Scale, factor = 1 / (messages * sum.Scale);
        Span<double> drawn = new double[Math.Min(Piece, sum.Length)];
        var values = sum.Values;
        for (int start = 0; start < values.Length; start += Piece)
        {
            var piece = values.Slice(start, Math.Min(Piece, values.Length - start));
            noise.Fill(drawn[..piece.Length]);
            for (int i = 0; i < piece.Length; i++)
                mean[start + i] = (float)((piece[i] + Math.Round(drawn[i] * deviation)) * factor);
        }
    }
}

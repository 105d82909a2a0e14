using Plume.Federation.SecureSums;

namespace Plume.Federation.SecureRounds;

/// <summary>
/// What a client says beside its update, inside the secure sum: its weight, its loss, and how far its levels reach.
/// </summary>
/// <remarks>Each is a whole number in a word of 32 bits, which no sum of 32,768 clients leaves.</remarks>
static class SumFigures
{
    /// <summary>Words of them.</summary>
    public const int Words = 3;

    /// <summary>Bits of each.</summary>
    public const int Bits = 32;

    // A weight or a share of 1.
    const double Whole = 1 << 16;

    const double LossUnit = 1.0 / (1 << 11);
    const double LargestLoss = 31;

    /// <summary>The weight that is counted for a wanted one, above 0 and at most 1.</summary>
    public static double Weight(double wanted) => Math.Clamp(Math.Round(wanted * Whole), 1, Whole) / Whole;

    /// <summary>Writes a client's.</summary>
    public static void Write(Span<uint> words, double weight, double loss, double fill)
    {
        words[0] = (uint)(weight * Whole);
        words[1] = (uint)Math.Round(Math.Clamp(loss, 0, LargestLoss) / LossUnit);
        words[2] = (uint)Math.Round(Math.Clamp(fill, 0, 1) * Whole);
    }

    /// <summary>Reads a sum's: the weights together, the mean loss and the mean reach of levels.</summary>
    /// <exception cref="SumLostException">No such sum can be of that many clients.</exception>
    public static (double Weight, double Loss, double Fill) Read(ReadOnlySpan<uint> words, int clients)
    {
        if (words[0] < clients || words[0] > clients * Whole || words[2] > clients * Whole)
            throw new SumLostException(
                $"The sum's weight of {words[0] / Whole} cannot be that of {clients} clients, of which each has at most 1: a "
                    + $"client sent what the protocol does not allow.");
        return (words[0] / Whole, words[1] * LossUnit / clients, words[2] / Whole / clients);
    }
}

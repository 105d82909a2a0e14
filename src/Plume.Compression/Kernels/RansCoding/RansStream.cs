namespace Plume.Compression.Kernels.RansCoding;

/// <summary>
/// Interleaved rANS: states of 32 bits, words of 16, probabilities of 12. Tokens come in runs, each with its table; token
/// i of a run belongs to state i modulo their number. First come the states' last values, then the words in the order in
/// which the decoder takes them.
/// </summary>
/// <remarks>
/// Source: Duda, "Asymmetric numeral systems", 2013, arXiv:1311.2540; interleaving: Giesen, "Interleaved entropy
/// coders", 2014, arXiv:1402.3392.
/// </remarks>
static class RansStream
{
    /// <summary>Where every state starts in the encoder and ends in the decoder; between tokens none is below it.</summary>
    public const uint Lowest = 1 << 16;

    public const int MaxStates = 32;

    const int FewStates = 8;

    /// <summary>States whose values stand before the words, as many as the expected size of a stream allows.</summary>
    /// <param name="cost">What its tokens cost when they are as frequent as their tables say, in units of
    /// <see cref="Information"/>.</param>
    /// <remarks>
    /// A state costs 4 bytes, of which one tells something. Few take under a quarter of a percent; the many that vectors
    /// need take under half a percent.
    /// </remarks>
    public static int StatesFor(long cost)
    {
        long bytes = cost >> (Information.FractionBits + 3);
        int states = 1;
        while (states < MaxStates && 8 * states <= bytes / (states < FewStates ? 400 : 200))
            states *= 2;
        return states;
    }
}

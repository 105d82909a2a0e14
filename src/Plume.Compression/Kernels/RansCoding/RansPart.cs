using Plume.Compression.Kernels.Bits;

namespace Plume.Compression.Kernels.RansCoding;

/// <summary>The values of a block that are coded together.</summary>
sealed class RansPart
{
    /// <summary>The run of gaps; those of symbols follow.</summary>
    public const int Gaps = 0;

    const int MaxRuns = 1 + BytePlanes.Planes;

    byte[] tokens = [];
    ushort[] nonZeros = [];
    int nonZeroCount;
    int[] counts = [];

    /// <summary>The number of its tensor among the coded ones.</summary>
    public int Tensor { get; set; }

    /// <summary>How strong its symbols are in the encoder, or -1 where that says nothing.</summary>
    public int Level { get; set; }

    /// <summary>Number of values that its positions are among.</summary>
    public int Length { get; set; }

    /// <summary>Index of its first symbol.</summary>
    public int First { get; set; }

    /// <summary>Number of its symbols.</summary>
    public int Count { get; set; }

    /// <summary>Whether only some symbols are coded, each with the gap before it.</summary>
    public bool InPairs { get; set; }

    /// <summary>Whether those are the symbols other than zero.</summary>
    public bool IsScattered { get; private set; }

    /// <summary>Number of symbols that are coded.</summary>
    public int Coded => IsScattered ? nonZeroCount : Count;

    /// <summary>Which tables its runs use, gaps first.</summary>
    public int[] Tables { get; } = new int[MaxRuns];

    /// <summary>Positions of the coded symbols, where they are the ones other than zero.</summary>
    public Span<ushort> NonZeros => nonZeros.AsSpan(0, nonZeroCount);

    public void Clear()
    {
        (Length, First, Count, InPairs, IsScattered, nonZeroCount) = (0, 0, 0, false, false, 0);
        Array.Clear(Tables);
    }

    /// <summary>Codes only the symbols other than zero; room for their positions, with some to spare.</summary>
    public Span<ushort> Scatter(int count)
    {
        InPairs = IsScattered = true;
        nonZeroCount = count;
        if (nonZeros.Length < count + Kernels.NonZeros.Slack)
            nonZeros = new ushort[count + count / 4 + Kernels.NonZeros.Slack];
        return nonZeros;
    }

    /// <summary>How often each of 256 tokens of a run occurs.</summary>
    public Span<int> CountsOf(int run)
    {
        // A decoder counts none, and there may be as many parts as tensors.
        if (counts.Length == 0)
            counts = new int[MaxRuns * 256];
        return counts.AsSpan(256 * run, 256);
    }

    /// <summary>The tokens of gaps, and behind them room for those of symbols.</summary>
    public Span<byte> Tokens(int symbolTokens)
    {
        int gaps = InPairs ? Coded : 0;
        if (tokens.Length < gaps + symbolTokens)
            Array.Resize(ref tokens, gaps + symbolTokens + (gaps + symbolTokens) / 4);
        return tokens.AsSpan(0, gaps + symbolTokens);
    }

    public Span<byte> GapTokens => Tokens(0);

    public Span<byte> SymbolTokens(int count) => Tokens(count)[(InPairs ? Coded : 0)..];
}

using System.Numerics;

namespace Plume.Compression.Kernels.RansCoding;

/// <summary>
/// Symbols as tokens of one byte and a rest of some bits. Up to 8 bits a symbol is its own token. Wider ones around a
/// zero: distances below 32 stand for themselves on either side, longer ones for an eighth of an octave. Wider ones
/// without: the upper 8 bits.
/// </summary>
sealed class SymbolTokens
{
    const int Direct = 32;
    const int DirectBits = 5;
    const int PartBits = 3;

    readonly byte[] tokenOf;
    readonly int[] smallest;
    readonly byte[] restBits;

    /// <param name="bits">Bits of a symbol, 1 to 16.</param>
    /// <param name="zero">The symbol around which others are the rarer the farther they are, or -1.</param>
    public SymbolTokens(int bits, int zero)
    {
        SymbolCount = 1 << bits;
        tokenOf = new byte[SymbolCount];
        int token = -1, previous = int.MinValue;
        var starts = new List<int>();
        for (int symbol = 0; symbol < SymbolCount; symbol++)
        {
            int part = bits <= 8 ? symbol + 1 : zero < 0 ? (symbol >> (bits - 8)) + 1 : PartOf(symbol - zero);
            if (part != previous)
            {
                token++;
                starts.Add(symbol);
            }

            previous = part;
            tokenOf[symbol] = (byte)token;
        }

        smallest = [.. starts];
        starts.Add(SymbolCount);
        restBits = [.. smallest.Select((start, i) =>
            (byte)BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)(starts[i + 1] - start))))];
        Zero = zero;
        ZeroToken = zero < 0 ? -1 : tokenOf[zero];
        Shape = ShapeOf(starts, ZeroToken);
        PairShape = ShapeOf(starts, -1);
    }

    public int Zero { get; }

    /// <summary>The token of zero, or -1.</summary>
    public int ZeroToken { get; }

    public int SymbolCount { get; }

    /// <summary>Whether tokens leave something out.</summary>
    public bool IsWide => SymbolCount > 256;

    public int Alphabet => smallest.Length;

    public ReadOnlySpan<byte> TokenOf => tokenOf;

    /// <summary>Each token's smallest symbol.</summary>
    public ReadOnlySpan<int> Smallest => smallest;

    /// <summary>Bits that tell a token's symbols apart.</summary>
    public ReadOnlySpan<byte> RestBits => restBits;

    /// <summary>Where tokens of a block in plain form lie around zero.</summary>
    public TokenShape Shape { get; }

    /// <summary>The same without zero, for blocks in pairs.</summary>
    public TokenShape PairShape { get; }

    // A number of its own for each run of distances that share a token, on either side of zero.
    static int PartOf(int distance)
    {
        int magnitude = Math.Abs(distance);
        if (magnitude < Direct)
            return distance;
        int octave = BitOperations.Log2((uint)magnitude);
        return Math.Sign(distance)
            * (Direct + ((octave - DirectBits) << PartBits) + ((magnitude >> (octave - PartBits)) & ((1 << PartBits) - 1)));
    }

    TokenShape ShapeOf(List<int> starts, int peak)
    {
        if (Zero < 0)
            return TokenShape.OfSignedMagnitudes(smallest.Length);
        // The last part may be cut short by the end of the symbols; its other side is not, and both shall be one class.
        return TokenShape.Of([.. smallest.Select((start, token) =>
        {
            if (token == ZeroToken)
                return (TokenShape.Apart, 0);
            int nearest = start > Zero ? start - Zero : Zero - starts[token + 1] + 1;
            return (nearest - 1, 1 << restBits[token]);
        })], peak);
    }
}

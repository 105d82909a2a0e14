using System.Numerics;

namespace Plume.Compression.Kernels;

/// <summary>
/// Gaps between kept positions as tokens of one byte: 0 to 15 stand for themselves, longer gaps for a quarter of an
/// octave, and the rest within it is sent raw.
/// </summary>
static class GapToken
{
    const int Direct = 16;
    const int DirectBits = 4;

    /// <summary>Tokens for gaps below 64 Ki.</summary>
    public const int Alphabet = Direct + (16 - DirectBits) * 4;

    public static int Of(int gap)
    {
        if (gap < Direct)
            return gap;
        int octave = BitOperations.Log2((uint)gap);
        return Direct + (octave - DirectBits) * 4 + ((gap >> (octave - 2)) & 3);
    }

    /// <summary>The shortest gap that has the token.</summary>
    public static int Smallest(int token) => token < Direct ? token : (4 + ((token - Direct) & 3)) << RestBits(token);

    /// <summary>Bits that tell the token's gaps apart.</summary>
    public static int RestBits(int token) => token < Direct ? 0 : ((token - Direct) >> 2) + DirectBits - 2;
}

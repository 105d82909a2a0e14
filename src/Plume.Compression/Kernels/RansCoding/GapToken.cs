using System.Numerics;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Wire;

namespace Plume.Compression.Kernels.RansCoding;

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

    /// <summary>The tokens of ascending positions.</summary>
    public static void Split(ReadOnlySpan<ushort> positions, Span<byte> tokens)
    {
        int next = 0;
        for (int i = 0; i < positions.Length; i++)
        {
            tokens[i] = (byte)Of(positions[i] - next);
            next = positions[i] + 1;
        }
    }

    /// <summary>Writes what <see cref="Split"/> left out.</summary>
    public static void WriteRests(ref BitWriter output, ReadOnlySpan<ushort> positions)
    {
        int next = 0;
        foreach (int position in positions)
        {
            // The rest of a gap is what stands below its three highest bits.
            int gap = position - next, bits = gap < Direct ? 0 : BitOperations.Log2((uint)gap) - 2;
            output.Write((uint)gap & ((1u << bits) - 1), bits);
            next = position + 1;
        }
    }

    /// <exception cref="InvalidPayloadException">A position lies at or beyond <paramref name="length"/>.</exception>
    public static void Join(ref BitReader input, ReadOnlySpan<byte> tokens, Span<ushort> positions, int length)
    {
        int next = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            int token = tokens[i];
            int position = next + Smallest(token) + (int)input.Read(RestBits(token));
            if (position >= length)
                throw InvalidPayloadException.Field("position", i, position, $"must be below {length}");
            positions[i] = (ushort)position;
            next = position + 1;
        }
    }
}

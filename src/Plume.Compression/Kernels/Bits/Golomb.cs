using Plume.Compression.Wire;

namespace Plume.Compression.Kernels.Bits;

/// <summary>
/// Ascending positions as Golomb-Rice coded gaps: a quotient in unary and a remainder of fixed width.
/// </summary>
/// <remarks>
/// Source: Golomb, "Run-Length Encodings", 1966; the width for a share p of kept values as in Sattler et al., "Robust
/// and Communication-Efficient Federated Learning from Non-IID Data", 2019, arXiv:1903.02891:
/// 1 + floor(log2(ln((sqrt(5) - 1) / 2) / ln(1 - p))).
/// </remarks>
static class Golomb
{
    public const int MaxWidth = 16;

    /// <summary>The remainder's width for a number of kept values among a number of positions.</summary>
    public static int Width(int kept, int length)
    {
        if (kept >= length)
            return 0;
        double share = (double)kept / length;
        double ideal = 1 + Math.Floor(Math.Log2(Math.Log((Math.Sqrt(5) - 1) / 2) / Math.Log(1 - share)));
        return (int)Math.Clamp(ideal, 0, MaxWidth);
    }

    public static void Write(ref BitWriter bits, ReadOnlySpan<ushort> positions, int width)
    {
        int previous = -1;
        foreach (int position in positions)
        {
            uint gap = (uint)(position - previous - 1);
            bits.WriteUnary(gap >> width);
            bits.Write(gap & ((1u << width) - 1), width);
            previous = position;
        }
    }

    /// <exception cref="InvalidPayloadException">A position lies at or beyond <paramref name="length"/>.</exception>
    public static void Read(ref BitReader bits, Span<ushort> positions, int width, int length)
    {
        int previous = -1;
        for (int i = 0; i < positions.Length; i++)
        {
            uint quotient = bits.ReadUnary((uint)length >> width);
            int position = previous + 1 + (int)((quotient << width) | bits.Read(width));
            if (position >= length)
                throw InvalidPayloadException.Field("position", i, position, $"must be below {length}");
            positions[i] = (ushort)position;
            previous = position;
        }
    }
}

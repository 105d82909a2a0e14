using System.Numerics;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Wire;

namespace Plume.Compression.Kernels.RansCoding;

/// <summary>How a table travels.</summary>
enum TableKind
{
    /// <summary>A frequency for each token from the first that occurs to the last, with some of its bits.</summary>
    Explicit,

    /// <summary>Shares that fall with the distance from the most likely token.</summary>
    Geometric,

    /// <summary>No table: the tokens are sent as they are.</summary>
    Raw,
}

/// <summary>The tokens that a table is for.</summary>
/// <param name="Size">Number of tokens.</param>
/// <param name="Shape">Where they lie, if a parametric table may tell their frequencies.</param>
/// <param name="MayBeRaw">Whether tokens that are not worth coding may be sent as they are.</param>
readonly record struct TableAlphabet(int Size, TokenShape? Shape, bool MayBeRaw)
{
    /// <summary>Bits that name a token.</summary>
    public int TokenBits => BitOperations.Log2((uint)Math.Max(1, Size - 1)) + 1;

    public int ReachBits => BitOperations.Log2((uint)Math.Max(1, Shape!.Classes - 1)) + 1;
}

/// <summary>A table as it travels: its kind and the parameters of that kind.</summary>
/// <param name="Kind">Which of the other parameters counts.</param>
/// <param name="Precision">Bits of a frequency after its highest, for an explicit table.</param>
/// <param name="Geometric">For a geometric table.</param>
readonly record struct TableForm(TableKind Kind, int Precision, GeometricShares Geometric)
{
    const int KindBits = 2;
    const int PrecisionBits = 4;

    /// <summary>The frequencies that the receiver will have.</summary>
    [System.Runtime.CompilerServices.SkipLocalsInit]
    public void Frequencies(ReadOnlySpan<int> counts, in TableAlphabet alphabet, Span<ushort> frequency)
    {
        Span<double> room = stackalloc double[256];
        var weights = room[..alphabet.Size];
        frequency.Clear();
        if (Kind == TableKind.Raw)
            return;
        if (Kind == TableKind.Geometric)
        {
            Geometric.Weigh(alphabet.Shape!, weights);
        }
        else
        {
            Spread(counts, weights);
            Shares.Normalize(weights, frequency);
            Shorten(frequency, Precision, weights);
        }

        Shares.Normalize(weights, frequency[..alphabet.Size]);
    }

    public void Write(ref BitWriter output, ReadOnlySpan<int> counts, in TableAlphabet alphabet)
    {
        output.Write((uint)Kind, KindBits);
        if (Kind == TableKind.Geometric)
            WriteGeometric(ref output, alphabet);
        else if (Kind == TableKind.Explicit)
            WriteExplicit(ref output, counts, alphabet);
    }

    /// <summary>Bits that <see cref="Write"/> writes for an explicit table of these frequencies.</summary>
    public static int ExplicitBits(ReadOnlySpan<ushort> exact, int precision, in TableAlphabet alphabet)
    {
        var (first, last) = Ends(exact);
        int bits = KindBits + PrecisionBits + 2 * alphabet.TokenBits, previous = 0;
        for (int token = first; token <= last; token++)
        {
            int length = LengthOf(exact[token]);
            bits += (int)ZigZag(length - previous) + 1 + Math.Clamp(length - 1, 0, precision);
            previous = length;
        }

        return bits;
    }

    public static int GeometricBits(in TableAlphabet alphabet) =>
        KindBits + GeometricShares.ScaleBits + GeometricShares.FallBits
            + (alphabet.Shape!.Peak < 0 ? 0 : GeometricShares.PeakBits) + alphabet.ReachBits;

    /// <exception cref="InvalidPayloadException">A field breaks its rule.</exception>
    public static TableKind Read(ref BitReader input, in TableAlphabet alphabet, Span<ushort> frequency)
    {
        var kind = (TableKind)input.Read(KindBits);
        Span<double> room = stackalloc double[256];
        var weights = room[..alphabet.Size];
        weights.Clear();
        frequency.Clear();
        switch (kind)
        {
            case TableKind.Explicit:
                ReadExplicit(ref input, alphabet, weights);
                break;
            case TableKind.Geometric when alphabet.Shape is { } shape:
                ReadGeometric(ref input, alphabet).Weigh(shape, weights);
                break;
            case TableKind.Raw when alphabet.MayBeRaw:
                return kind;
            default:
                throw InvalidPayloadException.Field("kind of table", 0, (int)kind, "must be one that these tokens may have");
        }

        Shares.Normalize(weights, frequency[..alphabet.Size]);
        return kind;
    }

    public static void Spread(ReadOnlySpan<int> counts, Span<double> weights)
    {
        for (int token = 0; token < weights.Length; token++)
            weights[token] = counts[token];
    }

    /// <summary>
    /// Weights for frequencies of which only some bits after the highest are known: the middle of those that have them.
    /// </summary>
    public static void Shorten(ReadOnlySpan<ushort> frequency, int precision, Span<double> weights)
    {
        for (int token = 0; token < weights.Length; token++)
        {
            int cut = LengthOf(frequency[token]) - 1 - precision;
            weights[token] = cut <= 0 ? frequency[token] : (frequency[token] >> cut << cut) + (1 << (cut - 1));
        }
    }

    void WriteGeometric(ref BitWriter output, in TableAlphabet alphabet)
    {
        output.Write((uint)Geometric.Scale, GeometricShares.ScaleBits);
        output.Write((uint)Geometric.Fall, GeometricShares.FallBits);
        if (alphabet.Shape!.Peak >= 0)
            output.Write((uint)Geometric.Peak, GeometricShares.PeakBits);
        output.Write((uint)Geometric.Reach, alphabet.ReachBits);
    }

    static GeometricShares ReadGeometric(ref BitReader input, in TableAlphabet alphabet)
    {
        int scale = (int)input.Read(GeometricShares.ScaleBits);
        if (scale > GeometricShares.MaxScale)
            throw InvalidPayloadException.Field("scale of a table", 0, scale, $"must be at most {GeometricShares.MaxScale}");
        var fall = (Fall)input.Read(GeometricShares.FallBits);
        int peak = alphabet.Shape!.Peak < 0 ? 0 : (int)input.Read(GeometricShares.PeakBits);
        int reach = (int)input.Read(alphabet.ReachBits);
        if (reach >= alphabet.Shape.Classes)
            throw InvalidPayloadException.Field("reach of a table", 0, reach, $"must be below {alphabet.Shape.Classes}");
        return new GeometricShares(scale, fall, peak, reach);
    }

    void WriteExplicit(ref BitWriter output, ReadOnlySpan<int> counts, in TableAlphabet alphabet)
    {
        Span<double> weights = stackalloc double[alphabet.Size];
        Span<ushort> exact = stackalloc ushort[alphabet.Size];
        Spread(counts, weights);
        Shares.Normalize(weights, exact);
        var (first, last) = Ends(exact);
        output.Write((uint)Precision, PrecisionBits);
        output.Write((uint)first, alphabet.TokenBits);
        output.Write((uint)last, alphabet.TokenBits);
        int previous = 0;
        for (int token = first; token <= last; token++)
        {
            int length = LengthOf(exact[token]), kept = Math.Clamp(length - 1, 0, Precision);
            output.WriteUnary(ZigZag(length - previous));
            output.Write((uint)(exact[token] >> (Math.Max(1, length) - 1 - kept)) & ((1u << kept) - 1), kept);
            previous = length;
        }
    }

    static void ReadExplicit(ref BitReader input, in TableAlphabet alphabet, scoped Span<double> weights)
    {
        int precision = (int)input.Read(PrecisionBits);
        int first = (int)input.Read(alphabet.TokenBits), last = (int)input.Read(alphabet.TokenBits);
        if (first > last || last >= alphabet.Size)
            throw InvalidPayloadException.Field("last token", 0, last, $"must be in {first}..{alphabet.Size - 1}");
        int length = 0;
        for (int token = first; token <= last; token++)
        {
            uint change = input.ReadUnary(2 * (FrequencyTable.Bits + 1));
            length += (int)(change >> 1) ^ -(int)(change & 1);
            if (length is < 0 or > FrequencyTable.Bits + 1)
                throw InvalidPayloadException.Field("frequency length", token, length,
                    $"must be in 0..{FrequencyTable.Bits + 1}");
            if (length == 0)
                continue;
            int kept = Math.Min(length - 1, precision), cut = length - 1 - kept;
            weights[token] = (((1 << kept) | (int)input.Read(kept)) << cut) + (cut > 0 ? 1 << (cut - 1) : 0);
        }
    }

    static (int First, int Last) Ends(ReadOnlySpan<ushort> exact) =>
        (exact.IndexOfAnyExcept((ushort)0), exact.LastIndexOfAnyExcept((ushort)0));

    static uint ZigZag(int value) => (uint)((value << 1) ^ (value >> 31));

    static int LengthOf(int value) => value == 0 ? 0 : BitOperations.Log2((uint)value) + 1;
}

using System.Runtime.InteropServices;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.RansCoding;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code.Entropy;

/// <summary>How the symbols of a part become runs of tokens.</summary>
abstract class RansSymbols
{
    /// <summary>Runs that symbols make.</summary>
    public abstract int Runs { get; }

    /// <summary>What the tokens of one run are.</summary>
    public abstract TableAlphabet Alphabet(int run, bool inPairs);

    /// <summary>Whether rows may be told apart by how strong they are.</summary>
    public virtual bool HasActivity => false;

    /// <summary>Whether columns may be told apart too.</summary>
    public virtual bool HasColumns => false;

    /// <summary>The symbol of zero, or -1.</summary>
    public virtual int Zero => -1;

    /// <summary>What symbols are like, among that many values.</summary>
    public virtual Activity ActivityOf(ReadOnlySpan<byte> symbols, int among) => default;

    /// <summary>Decides whether only the symbols other than zero are coded, and finds them if so.</summary>
    public virtual void FindNonZeros(RansPart part, ReadOnlySpan<byte> symbols)
    {
    }

    /// <summary>Makes the tokens of all runs.</summary>
    public abstract void Split(RansPart part, ReadOnlySpan<byte> symbols);

    /// <summary>Counts the tokens of a run.</summary>
    public virtual void Count(ReadOnlySpan<byte> tokens, Span<int> counts) => Histogram.Count(tokens, counts);

    /// <summary>One run's tokens, as <see cref="Split"/> made them or for the decoder to fill.</summary>
    public abstract Span<byte> Tokens(RansPart part, Span<byte> symbols, int run);

    /// <summary>Writes what the tokens left out.</summary>
    public virtual void WriteRests(ref BitWriter output, RansPart part, Span<byte> symbols)
    {
    }

    /// <summary>Makes symbols of tokens and of what they left out.</summary>
    public abstract void Join(ref BitReader input, RansPart part, Span<byte> symbols);
}

/// <summary>Symbols of up to 8 bits: one run, of the symbols themselves.</summary>
/// <param name="bits">Bits of a symbol.</param>
/// <param name="zero">The symbol of zero, or -1 where there is none.</param>
/// <param name="codesGaps">Whether symbols are those of kept values, which stand among others.</param>
sealed class NarrowSymbols(int bits, int zero, bool codesGaps) : RansSymbols
{
    readonly SymbolTokens map = new(bits, zero);

    public override int Runs => 1;

    public override TableAlphabet Alphabet(int run, bool inPairs) =>
        new(map.Alphabet, inPairs ? map.PairShape : map.Shape, MayBeRaw: false);

    public override bool HasActivity => zero >= 0 || codesGaps;

    public override bool HasColumns => zero >= 0;

    public override int Zero => zero;

    public override Activity ActivityOf(ReadOnlySpan<byte> symbols, int among)
    {
        if (!codesGaps)
            return Activity.Of(symbols, (byte)zero);
        // The lowest bit is the sign.
        long sum = Activity.Of(symbols, 0).Sum / 2;
        return new Activity(among, symbols.Length, sum + symbols.Length);
    }

    public override void FindNonZeros(RansPart part, ReadOnlySpan<byte> symbols)
    {
        if (zero < 0)
            return;
        int count = NonZeros.Count(symbols, (byte)zero);
        if (NonZeros.AreFew(count, symbols.Length))
            NonZeros.Collect(symbols, (byte)zero, part.Scatter(count));
    }

    public override void Split(RansPart part, ReadOnlySpan<byte> symbols)
    {
        if (!part.IsScattered)
            return;
        var tokens = part.SymbolTokens(part.Coded);
        var positions = part.NonZeros;
        for (int i = 0; i < tokens.Length; i++)
            tokens[i] = symbols[positions[i]];
    }

    public override Span<byte> Tokens(RansPart part, Span<byte> symbols, int run) => part.IsScattered
        ? part.SymbolTokens(part.Coded) : symbols;

    public override void Join(ref BitReader input, RansPart part, Span<byte> symbols)
    {
        if (!part.IsScattered)
            return;
        symbols.Fill((byte)zero);
        var tokens = part.SymbolTokens(part.Coded);
        var positions = part.NonZeros;
        for (int i = 0; i < tokens.Length; i++)
            symbols[positions[i]] = tokens[i];
    }
}

/// <summary>Symbols of 9 to 16 bits: one run, of <see cref="SymbolTokens"/>.</summary>
/// <param name="bits">Bits of a symbol.</param>
/// <param name="zero">The symbol of zero, or -1 where there is none.</param>
sealed class WideSymbols(int bits, int zero) : RansSymbols
{
    readonly SymbolTokens map = new(bits, zero);

    public override int Runs => 1;

    public override TableAlphabet Alphabet(int run, bool inPairs) =>
        new(map.Alphabet, inPairs ? map.PairShape : map.Shape, MayBeRaw: false);

    public override bool HasActivity => zero >= 0;

    public override Activity ActivityOf(ReadOnlySpan<byte> symbols, int among) => Activity.Of(Wide(symbols), (ushort)zero);

    public override void FindNonZeros(RansPart part, ReadOnlySpan<byte> symbols)
    {
        if (zero < 0)
            return;
        int count = NonZeros.Count(Wide(symbols), (ushort)zero);
        if (NonZeros.AreFew(count, part.Count))
            NonZeros.Collect(Wide(symbols), (ushort)zero, part.Scatter(count));
    }

    public override void Split(RansPart part, ReadOnlySpan<byte> symbols)
    {
        var tokens = part.SymbolTokens(part.Coded);
        var wide = Wide(symbols);
        var positions = part.NonZeros;
        var tokenOf = map.TokenOf;
        if (part.IsScattered)
        {
            for (int i = 0; i < tokens.Length; i++)
                tokens[i] = tokenOf[wide[positions[i]]];
            return;
        }

        for (int i = 0; i < tokens.Length; i++)
            tokens[i] = tokenOf[wide[i]];
    }

    public override Span<byte> Tokens(RansPart part, Span<byte> symbols, int run) => part.SymbolTokens(part.Coded);

    public override void WriteRests(ref BitWriter output, RansPart part, Span<byte> symbols)
    {
        var tokens = part.SymbolTokens(part.Coded);
        var wide = Wide(symbols);
        var positions = part.NonZeros;
        for (int i = 0; i < tokens.Length; i++)
        {
            int bits = map.RestBits[tokens[i]];
            if (bits > 0)
                output.Write((uint)(wide[part.IsScattered ? positions[i] : i] - map.Smallest[tokens[i]]), bits);
        }
    }

    public override void Join(ref BitReader input, RansPart part, Span<byte> symbols)
    {
        var tokens = part.SymbolTokens(part.Coded);
        var wide = MemoryMarshal.Cast<byte, ushort>(symbols);
        var positions = part.NonZeros;
        if (part.IsScattered)
            wide.Fill((ushort)zero);
        for (int i = 0; i < tokens.Length; i++)
        {
            int bits = map.RestBits[tokens[i]];
            int symbol = map.Smallest[tokens[i]] + (bits > 0 ? (int)input.Read(bits) : 0);
            if (symbol >= map.SymbolCount)
                throw InvalidPayloadException.Field("symbol", i, symbol, $"must be below {map.SymbolCount}");
            wide[part.IsScattered ? positions[i] : i] = (ushort)symbol;
        }
    }

    static ReadOnlySpan<ushort> Wide(ReadOnlySpan<byte> symbols) => MemoryMarshal.Cast<byte, ushort>(symbols);
}

/// <summary>Floats, as the four planes of <see cref="BytePlanes"/>: a run each, coded where that makes it smaller.</summary>
sealed class FloatSymbols : RansSymbols
{
    const int Sample = 4096;

    /// <summary>Bits a byte, of 8, from which a sample counts as random: random ones measure 7.95 themselves.</summary>
    const double RandomBits = 7.9;

    public override int Runs => BytePlanes.Planes;

    public override TableAlphabet Alphabet(int run, bool inPairs) => new(256, null, MayBeRaw: true);

    public override void Split(RansPart part, ReadOnlySpan<byte> symbols) =>
        BytePlanes.Split(MemoryMarshal.Cast<byte, uint>(symbols), part.SymbolTokens(symbols.Length));

    // Most planes are noise, which a sample tells. They are taken as even, so that any byte could be coded if it came to that.
    public override void Count(ReadOnlySpan<byte> tokens, Span<int> counts)
    {
        Histogram.Count(tokens[..Math.Min(Sample, tokens.Length)], counts);
        if (tokens.Length < 2 * Sample
            || Shares.LeastCost(counts) < (long)(Sample * RandomBits * (1 << Information.FractionBits)))
            Histogram.Count(tokens, counts);
        else
            counts.Fill(tokens.Length / 256);
    }

    public override Span<byte> Tokens(RansPart part, Span<byte> symbols, int run) =>
        part.SymbolTokens(symbols.Length).Slice(run * part.Count, part.Count);

    public override void Join(ref BitReader input, RansPart part, Span<byte> symbols) =>
        BytePlanes.Join(part.SymbolTokens(symbols.Length), MemoryMarshal.Cast<byte, uint>(symbols));
}

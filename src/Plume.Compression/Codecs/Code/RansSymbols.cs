using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Container;
using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Code;

/// <summary>How a block's symbols become runs of tokens. The tokens of gaps stand before them in the block's memory.</summary>
abstract class RansSymbols
{
    /// <summary>Runs that a block's symbols make.</summary>
    public abstract int Runs { get; }

    /// <summary>What the tokens of one run are.</summary>
    public abstract TableAlphabet Alphabet(int run, bool inPairs);

    /// <summary>Decides whether a dense block is worth coding in pairs, and finds its non-zeros if so.</summary>
    public virtual bool FindNonZeros(Block block) => false;

    /// <summary>Makes the tokens of all runs.</summary>
    public abstract void Split(Block block);

    /// <summary>One run's tokens, as <see cref="Split"/> made them or for the decoder to fill.</summary>
    public abstract Span<byte> Tokens(Block block, int run);

    /// <summary>Writes what the tokens left out.</summary>
    public virtual void WriteRests(ref BitWriter output, Block block)
    {
    }

    /// <summary>Makes symbols of tokens and of what they left out.</summary>
    public abstract void Join(ref BitReader input, Block block);

    /// <summary>Tokens of gaps.</summary>
    protected static int GapTokens(Block block) => block.InPairs ? block.CodedCount : 0;
}

/// <summary>Symbols of up to 16 bits: one run. Those of up to 8 bits are their own tokens.</summary>
sealed class IntegerSymbols(int bits, int zero) : RansSymbols
{
    /// <summary>In pairs a non-zero costs a gap besides its symbol: worth it where seven of eight symbols need neither.</summary>
    const int LeastZerosPerNonZero = 8;

    readonly SymbolTokens map = new(bits, zero);

    public override int Runs => 1;

    public override TableAlphabet Alphabet(int run, bool inPairs) => new(map.Alphabet, inPairs ? map.PairShape : map.Shape, MayBeRaw: false);

    public override bool FindNonZeros(Block block)
    {
        if (zero < 0)
            return false;
        int count = map.IsWide ? NonZeros.Count(Wide(block), (ushort)zero) : NonZeros.Count(block.Symbols, (byte)zero);
        if (count > block.Count / LeastZerosPerNonZero)
            return false;
        CollectionsMarshal.SetCount(block.NonZeros, count + NonZeros.Slack);
        var positions = CollectionsMarshal.AsSpan(block.NonZeros);
        if (map.IsWide)
            NonZeros.Collect(Wide(block), (ushort)zero, positions);
        else
            NonZeros.Collect(block.Symbols, (byte)zero, positions);
        CollectionsMarshal.SetCount(block.NonZeros, count);
        return true;
    }

    public override void Split(Block block)
    {
        var tokens = Tokens(block, 0);
        if (map.IsWide)
        {
            var symbols = Wide(block);
            var tokenOf = map.TokenOf;
            if (IsScattered(block))
            {
                for (int i = 0; i < tokens.Length; i++)
                    tokens[i] = tokenOf[symbols[block.NonZeros[i]]];
            }
            else
            {
                for (int i = 0; i < tokens.Length; i++)
                    tokens[i] = tokenOf[symbols[i]];
            }
        }
        else if (IsScattered(block))
        {
            var symbols = block.Symbols;
            var positions = block.CodedPositions;
            for (int i = 0; i < tokens.Length; i++)
                tokens[i] = symbols[positions[i]];
        }
    }

    public override Span<byte> Tokens(Block block, int run)
    {
        if (!map.IsWide && !IsScattered(block))
            return block.Symbols;
        int gaps = GapTokens(block);
        return block.Tokens(gaps + block.CodedCount)[gaps..];
    }

    public override void WriteRests(ref BitWriter output, Block block)
    {
        if (!map.IsWide)
            return;
        var tokens = Tokens(block, 0);
        var symbols = Wide(block);
        var positions = block.CodedPositions;
        bool scattered = IsScattered(block);
        for (int i = 0; i < tokens.Length; i++)
        {
            int symbol = symbols[scattered ? positions[i] : i];
            output.Write((uint)(symbol - map.Smallest[tokens[i]]), map.RestBits[tokens[i]]);
        }
    }

    public override void Join(ref BitReader input, Block block)
    {
        if (map.IsWide)
        {
            JoinWide(ref input, block);
        }
        else if (IsScattered(block))
        {
            var symbols = block.Symbols;
            var tokens = Tokens(block, 0);
            var positions = block.CodedPositions;
            symbols.Fill((byte)zero);
            for (int i = 0; i < tokens.Length; i++)
                symbols[positions[i]] = tokens[i];
        }
    }

    void JoinWide(ref BitReader input, Block block)
    {
        var symbols = Wide(block);
        var tokens = Tokens(block, 0);
        var positions = block.CodedPositions;
        bool scattered = IsScattered(block);
        if (scattered)
            symbols.Fill((ushort)zero);
        for (int i = 0; i < tokens.Length; i++)
        {
            int symbol = map.Smallest[tokens[i]] + (int)input.Read(map.RestBits[tokens[i]]);
            if (symbol >= map.SymbolCount)
                throw InvalidPayloadException.Field("symbol", i, symbol, $"must be below {map.SymbolCount}");
            symbols[scattered ? positions[i] : i] = (ushort)symbol;
        }
    }

    // Coded symbols of a dense block in pairs are apart; all others stand side by side.
    static bool IsScattered(Block block) => block.InPairs && !block.IsSparse;

    static Span<ushort> Wide(Block block) => MemoryMarshal.Cast<byte, ushort>(block.Symbols);
}

/// <summary>Floats, as the four planes of <see cref="BytePlanes"/>: a run each, coded where that makes it smaller.</summary>
sealed class FloatSymbols : RansSymbols
{
    public override int Runs => BytePlanes.Planes;

    public override TableAlphabet Alphabet(int run, bool inPairs) => new(256, null, MayBeRaw: true);

    public override void Split(Block block) => BytePlanes.Split(MemoryMarshal.Cast<byte, uint>(block.Symbols), AllPlanes(block));

    public override Span<byte> Tokens(Block block, int run) => AllPlanes(block).Slice(run * block.Count, block.Count);

    public override void Join(ref BitReader input, Block block) => BytePlanes.Join(AllPlanes(block), MemoryMarshal.Cast<byte, uint>(block.Symbols));

    static Span<byte> AllPlanes(Block block)
    {
        int gaps = GapTokens(block);
        return block.Tokens(gaps + BytePlanes.Planes * block.Count)[gaps..];
    }
}

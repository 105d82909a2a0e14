using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Container;
using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// Blocks as rANS streams of tokens. A block in plain form is its symbols' tokens. A block in pairs is gap, symbol, gap,
/// symbol...: a sparse one always, a dense one where most symbols are the one for zero, which then need no tokens. What
/// tokens leave out (low bits of wide symbols and of long gaps) follows the stream, raw.
/// </summary>
/// <param name="zero">The symbol that stands for zero in a dense block, or -1 where there is none.</param>
sealed class RansCoder(int zero) : BlockCoder
{
    const int Gaps = 0;
    const int Symbols = 1;

    readonly TableSet symbolTables = new();
    readonly TableSet gapTables = new();
    bool mayPair;

    public override void Prepare(Block block)
    {
        bool pairs = block.CodesGaps || (zero >= 0 && FindNonZeros(block));
        if (!pairs)
            block.NonZeros.Clear();
        block.InPairs = pairs;
        var tokens = block.MakeTokens();
        if (pairs)
            WriteGapTokens(block.CodedPositions, tokens);
        int rawBits = RawBits(block);
        for (int i = 0; i < block.CodedCount; i++)
            tokens[pairs ? 2 * i + 1 : i] = (byte)(SymbolAt(block, i) >> rawBits);
        CountTokens(tokens, block);
    }

    public override void WriteTables(Block[] blocks, PayloadWriter output)
    {
        if (zero >= 0)
            output.UInt8(Array.Exists(blocks, static block => block.InPairs) ? (byte)1 : (byte)0);
        if (Array.Exists(blocks, static block => block.InPairs))
            gapTables.Write(blocks, Gaps, output);
        symbolTables.Write(blocks, Symbols, output);
    }

    public override void ReadTables(ref PayloadReader input, Block[] blocks)
    {
        int pairs = zero >= 0 ? input.UInt8("pairs") : blocks[0].CodesGaps ? 1 : 0;
        if (pairs > 1)
            throw InvalidPayloadException.Field("pairs", input.Offset - 1, pairs, "must be 0 or 1");
        if (pairs == 1)
            gapTables.Read(ref input, blocks, GapToken.Alphabet);
        symbolTables.Read(ref input, blocks, 1 << Math.Min(8, blocks[0].SymbolBits));
        mayPair = pairs == 1;
    }

    public override void Encode(Block block)
    {
        if (block.Count == 0)
            return;
        if (zero >= 0)
            block.Output.Varint(block.InPairs ? block.CodedCount + 1 : 0);
        var symbols = symbolTables.Of(block);
        var even = block.InPairs ? gapTables.Of(block) : symbols;
        long cost = symbols.CostOf(block.TokenCounts(Symbols)) + (block.InPairs ? even.CostOf(block.TokenCounts(Gaps)) : 0);
        int statesLog = RansStream.StatesLogFor(cost >> (Information.FractionBits + 3));
        RansStream.Encode(block.Tokens, even, symbols, statesLog, block.Output);
        var raw = new BitWriter(block.Output);
        if (block.InPairs)
            WriteGapRests(ref raw, block.CodedPositions);
        int rawBits = RawBits(block);
        for (int i = 0; rawBits > 0 && i < block.CodedCount; i++)
            raw.Write((uint)SymbolAt(block, i) & ((1u << rawBits) - 1), rawBits);
        raw.Flush();
    }

    public override void Decode(ReadOnlySpan<byte> input, Block block)
    {
        var whole = new PayloadReader(input);
        if (block.Count > 0)
        {
            ReadForm(ref whole, block);
            var tokens = block.MakeTokens();
            var symbols = symbolTables.Of(block);
            RansStream.Decode(ref whole, tokens, block.InPairs ? gapTables.Of(block) : symbols, symbols);
            var raw = new BitReader(input[whole.Offset..], "raw bits");
            if (block.InPairs)
                ReadPositions(ref raw, tokens, block);
            ReadSymbols(ref raw, tokens, block);
            whole.Bytes(raw.End(), "raw bits");
        }

        whole.End("rans block");
    }

    void ReadForm(ref PayloadReader input, Block block)
    {
        block.NonZeros.Clear();
        block.InPairs = block.CodesGaps;
        int form = zero >= 0 ? input.Varint("number of non-zeros", 0, mayPair ? block.Count + 1 : 0) : 0;
        if (form == 0)
            return;
        block.InPairs = true;
        CollectionsMarshal.SetCount(block.NonZeros, form - 1);
        FillWithZero(block);
    }

    // In pairs a non-zero costs a gap besides its symbol: worth it where most symbols need neither.
    bool FindNonZeros(Block block)
    {
        block.NonZeros.Clear();
        for (int i = 0; i < block.Count; i++)
        {
            if (Symbol(block, i) != zero)
                block.NonZeros.Add((ushort)i);
        }

        return block.NonZeros.Count <= block.Count / 4;
    }

    void FillWithZero(Block block)
    {
        if (block.SymbolBytes == 1)
            block.Symbols.Fill((byte)zero);
        else
            MemoryMarshal.Cast<byte, ushort>(block.Symbols).Fill((ushort)zero);
    }

    static void WriteGapTokens(ReadOnlySpan<ushort> positions, Span<byte> tokens)
    {
        int previous = -1;
        for (int i = 0; i < positions.Length; i++)
        {
            tokens[2 * i] = (byte)GapToken.Of(positions[i] - previous - 1);
            previous = positions[i];
        }
    }

    static void WriteGapRests(ref BitWriter raw, ReadOnlySpan<ushort> positions)
    {
        int previous = -1;
        foreach (int position in positions)
        {
            int gap = position - previous - 1;
            int token = GapToken.Of(gap);
            raw.Write((uint)(gap - GapToken.Smallest(token)), GapToken.RestBits(token));
            previous = position;
        }
    }

    static void ReadPositions(ref BitReader raw, ReadOnlySpan<byte> tokens, Block block)
    {
        int previous = -1;
        var positions = block.CodedPositions;
        for (int i = 0; i < positions.Length; i++)
        {
            int token = tokens[2 * i];
            int position = previous + 1 + GapToken.Smallest(token) + (int)raw.Read(GapToken.RestBits(token));
            if (position >= block.Plan.Length)
                throw InvalidPayloadException.Field("position", i, position, $"must be below {block.Plan.Length}");
            positions[i] = (ushort)position;
            previous = position;
        }
    }

    static void ReadSymbols(ref BitReader raw, ReadOnlySpan<byte> tokens, Block block)
    {
        int rawBits = RawBits(block);
        var wide = MemoryMarshal.Cast<byte, ushort>(block.Symbols);
        for (int i = 0; i < block.CodedCount; i++)
        {
            int token = tokens[block.InPairs ? 2 * i + 1 : i];
            int place = block.IsSparse || !block.InPairs ? i : block.NonZeros[i];
            if (block.SymbolBytes == 1)
                block.Symbols[place] = (byte)token;
            else
                wide[place] = (ushort)((token << rawBits) | (int)raw.Read(rawBits));
        }
    }

    static void CountTokens(ReadOnlySpan<byte> tokens, Block block)
    {
        var gaps = block.TokenCounts(Gaps);
        var symbols = block.TokenCounts(Symbols);
        gaps.Clear();
        symbols.Clear();
        for (int i = 0; i < tokens.Length; i++)
            (block.InPairs && (i & 1) == 0 ? gaps : symbols)[tokens[i]]++;
    }

    static int SymbolAt(Block block, int index) => Symbol(block, block.IsSparse || !block.InPairs ? index : block.NonZeros[index]);

    static int Symbol(Block block, int place) => block.SymbolBytes == 1 ? block.Symbols[place] : MemoryMarshal.Cast<byte, ushort>(block.Symbols)[place];

    static int RawBits(Block block) => Math.Max(0, block.SymbolBits - 8);
}

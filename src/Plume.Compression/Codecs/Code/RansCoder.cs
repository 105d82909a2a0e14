using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Container;
using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// Blocks as rANS streams of tokens. A dense block's tokens are its symbols; a sparse one's are gap, symbol, gap,
/// symbol... What tokens leave out (low bits of wide symbols and of long gaps) follows the stream, raw.
/// </summary>
sealed class RansCoder : BlockCoder
{
    readonly TableSet symbolTables = new();
    readonly TableSet gapTables = new();

    public override void Prepare(Block block)
    {
        var tokens = block.MakeTokens();
        if (block.IsSparse)
            WriteGapTokens(block.Positions, tokens);
        int start = block.IsSparse ? 1 : 0;
        int stride = block.IsSparse ? 2 : 1;
        int rawBits = RawBits(block);
        var wide = MemoryMarshal.Cast<byte, ushort>(block.Symbols);
        for (int i = 0; i < block.Count; i++)
            tokens[start + i * stride] = (byte)(block.SymbolBytes == 1 ? block.Symbols[i] : wide[i] >> rawBits);
        CountTokens(tokens, block);
    }

    public override void WriteTables(Block[] blocks, PayloadWriter output)
    {
        if (blocks[0].IsSparse)
            gapTables.Write(blocks, 0, GapToken.Alphabet, output);
        symbolTables.Write(blocks, blocks[0].IsSparse ? 1 : 0, AlphabetOf(blocks[0]), output);
    }

    public override void ReadTables(ref PayloadReader input, Block[] blocks)
    {
        if (blocks[0].IsSparse)
            gapTables.Read(ref input, blocks, GapToken.Alphabet);
        symbolTables.Read(ref input, blocks, AlphabetOf(blocks[0]));
    }

    public override void Encode(Block block)
    {
        if (block.Count == 0)
            return;
        var symbols = symbolTables.Of(block);
        RansStream.Encode(block.Tokens, block.IsSparse ? gapTables.Of(block) : symbols, symbols, block.Output);
        var raw = new BitWriter(block.Output);
        if (block.IsSparse)
            WriteGapRests(ref raw, block.Positions);
        int rawBits = RawBits(block);
        if (rawBits > 0)
        {
            foreach (ushort symbol in MemoryMarshal.Cast<byte, ushort>(block.Symbols))
                raw.Write(symbol & ((1u << rawBits) - 1), rawBits);
        }

        raw.Flush();
    }

    public override void Decode(ReadOnlySpan<byte> input, Block block)
    {
        var whole = new PayloadReader(input);
        if (block.Count > 0)
        {
            var tokens = block.MakeTokens();
            var symbols = symbolTables.Of(block);
            RansStream.Decode(ref whole, tokens, block.IsSparse ? gapTables.Of(block) : symbols, symbols);
            var raw = new BitReader(input[whole.Offset..], "raw bits");
            if (block.IsSparse)
                ReadPositions(ref raw, tokens, block);
            ReadSymbols(ref raw, tokens, block);
            whole.Bytes(raw.End(), "raw bits");
        }

        whole.End("rans block");
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
        var positions = block.Positions;
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
        int start = block.IsSparse ? 1 : 0;
        int stride = block.IsSparse ? 2 : 1;
        int rawBits = RawBits(block);
        var wide = MemoryMarshal.Cast<byte, ushort>(block.Symbols);
        for (int i = 0; i < block.Count; i++)
        {
            int token = tokens[start + i * stride];
            if (block.SymbolBytes == 1)
                block.Symbols[i] = (byte)token;
            else
                wide[i] = (ushort)((token << rawBits) | (int)raw.Read(rawBits));
        }
    }

    static void CountTokens(ReadOnlySpan<byte> tokens, Block block)
    {
        var even = block.TokenCounts(0);
        var odd = block.TokenCounts(block.IsSparse ? 1 : 0);
        even.Clear();
        odd.Clear();
        for (int i = 0; i < tokens.Length; i++)
            ((i & 1) == 0 ? even : odd)[tokens[i]]++;
    }

    static int AlphabetOf(Block block) => 1 << Math.Min(8, block.SymbolBits);

    static int RawBits(Block block) => Math.Max(0, block.SymbolBits - 8);
}

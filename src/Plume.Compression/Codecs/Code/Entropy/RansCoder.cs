using System.Numerics;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.RansCoding;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code.Entropy;

/// <summary>
/// Segments as rANS streams of tokens. A block's rows are grouped by how strong they are, and a group is a part. A part
/// in plain form is the tokens of its symbols. A part in pairs is the tokens of gaps, then those of as many symbols: one
/// whose select sends gaps always, a dense one where most symbols are the one for zero, which then need no tokens. What
/// tokens leave out (rests of wide symbols, of long gaps and of escaped levels) follows the stream.
/// </summary>
/// <param name="symbols">How symbols become tokens.</param>
/// <param name="columns">Which tensors' columns are told apart.</param>
/// <param name="escapes">How levels beyond the symbols are coded, where there may be some.</param>
/// <param name="choosesForm">Whether dense parts may be in pairs.</param>
/// <param name="codesGaps">Whether positions of kept values are sent as gaps.</param>
/// <param name="segmentValues">Values that a segment may have, if it has more than one block.</param>
sealed class RansCoder(RansSymbols symbols, ColumnSet columns, EscapeCode? escapes, bool choosesForm, bool codesGaps,
    int segmentValues) : BlockCoder
{
    const int StatesBits = 3;

    readonly PartMaker maker = new(symbols, choosesForm);
    readonly RansTables tables = new(symbols, choosesForm, codesGaps);

    public override bool Observe(Block block)
    {
        if (columns.MayTell(block))
        {
            block.Rans.SumColumns(block, (byte)symbols.Zero);
            return true;
        }

        block.Rans.Shape(block.Plan, null);
        return false;
    }

    public override void Learn(Block[] blocks) => columns.Fit(blocks);

    public override Strengths? StrengthsOf(Block block) => maker.StrengthsOf(block);

    public override void Prepare(Block block) => maker.Make(block);

    public override void WriteTables(Block[] blocks, PayloadWriter output)
    {
        columns.Write(output);
        tables.Write(blocks, output);
    }

    public override void ReadTables(ref PayloadReader input, Block[] blocks)
    {
        columns.Read(ref input, blocks);
        tables.Read(ref input, blocks);
    }

    // Together, blocks share the states, whose share of small blocks would be large.
    public override int SegmentLength(Block[] blocks, int first)
    {
        int length = 1;
        for (int values = blocks[first].Plan.Length; first + length < blocks.Length; length++)
        {
            values += blocks[first + length].Plan.Length;
            if (values > segmentValues)
                break;
        }

        return length;
    }

    public override void Encode(Block block) => EncodeSegment([block]);

    public override void Decode(ReadOnlySpan<byte> input, Block block) => DecodeSegment(input, [block]);

    public override void EncodeSegment(ReadOnlySpan<Block> segment)
    {
        if (IsEmpty(segment))
            return;
        var output = segment[0].Output;
        var (cost, tokens) = Expect(segment);
        int states = RansStream.StatesFor(cost);
        var bits = new BitWriter(output);
        bits.Write((uint)BitOperations.Log2((uint)states), StatesBits);
        foreach (var block in segment)
            PartHeaders.Write(ref bits, block, symbols, tables);
        bits.Flush();

        Span<uint> state = stackalloc uint[RansStream.MaxStates];
        var stream = new RansEncoder(output, tokens, state[..states]);
        for (int i = segment.Length - 1; i >= 0; i--)
            EncodeRuns(ref stream, segment[i]);
        stream.Finish();
        foreach (var block in segment)
            WriteRawRuns(output, block);
        bits = new BitWriter(output);
        foreach (var block in segment)
            WriteRests(ref bits, block);
        bits.Flush();
    }

    // What the stream will cost, and the number of tokens that it takes.
    (long Cost, int Tokens) Expect(ReadOnlySpan<Block> segment)
    {
        long cost = 0;
        int tokens = 0;
        foreach (var block in segment)
        {
            foreach (var part in block.Rans.Parts)
            {
                for (int run = 0; run < tables.Runs(part); run++)
                {
                    var table = tables.Of(part, run);
                    cost += (long)part.Coded * table.MeanCost;
                    tokens += table.MeanCost > 0 ? part.Coded : 0;
                }
            }
        }

        return (cost, tokens);
    }

    void EncodeRuns(ref RansEncoder stream, Block block)
    {
        var parts = block.Rans.Parts;
        for (int i = parts.Length - 1; i >= 0; i--)
        {
            for (int run = tables.Runs(parts[i]) - 1; run >= 0; run--)
            {
                if (tables.Of(parts[i], run) is { IsRaw: false } table)
                    stream.Encode(Tokens(parts[i], block, run), table);
            }
        }
    }

    void WriteRawRuns(PayloadWriter output, Block block)
    {
        foreach (var part in block.Rans.Parts)
        {
            for (int run = 0; run < tables.Runs(part); run++)
            {
                if (tables.Of(part, run).IsRaw)
                    output.Bytes(Tokens(part, block, run));
            }
        }
    }

    void WriteRests(ref BitWriter bits, Block block)
    {
        foreach (var part in block.Rans.Parts)
        {
            if (part.InPairs)
                GapToken.WriteRests(ref bits, block.Rans.PositionsOf(part, block));
            symbols.WriteRests(ref bits, part, block.Rans.SymbolsOf(part, block));
        }

        escapes?.Write(ref bits, block);
    }

    public override void DecodeSegment(ReadOnlySpan<byte> input, ReadOnlySpan<Block> segment)
    {
        var whole = new PayloadReader(input);
        var bytes = segment[0].Bytes;
        foreach (var block in segment)
            block.Bytes = default;
        if (!IsEmpty(segment))
        {
            int states = ReadHeader(ref whole, segment);
            ReadStream(ref whole, segment, states);
            foreach (var block in segment)
                ReadRawRuns(ref whole, block);
            ReadRests(ref whole, segment);
        }

        whole.End("rans segment");
        Share(bytes, segment);
    }

    int ReadHeader(ref PayloadReader input, ReadOnlySpan<Block> segment)
    {
        var bits = new BitReader(input.Rest, "parts");
        int states = 1 << (int)bits.Read(StatesBits);
        if (states > RansStream.MaxStates)
            throw InvalidPayloadException.Field("rans states", 0, states, $"must be at most {RansStream.MaxStates}");
        foreach (var block in segment)
            PartHeaders.Read(ref bits, block, symbols, tables);
        input.Bytes(bits.End(), "parts");
        return states;
    }

    // Each block's Bytes come to hold the number of bytes that are its own, for Share.
    void ReadStream(ref PayloadReader input, ReadOnlySpan<Block> segment, int states)
    {
        Span<uint> state = stackalloc uint[RansStream.MaxStates];
        var stream = new RansDecoder(input.Rest, input.Offset, state[..states]);
        foreach (var block in segment)
        {
            int start = stream.Used;
            foreach (var part in block.Rans.Parts)
            {
                for (int run = 0; run < tables.Runs(part); run++)
                {
                    if (tables.Of(part, run) is { IsRaw: false } table)
                        stream.Decode(Tokens(part, block, run), table);
                }
            }

            block.Bytes = 0..(stream.Used - start);
        }

        input.Bytes(stream.Finish(), "rans stream");
    }

    void ReadRawRuns(ref PayloadReader input, Block block)
    {
        int start = input.Offset;
        foreach (var part in block.Rans.Parts)
        {
            for (int run = 0; run < tables.Runs(part); run++)
            {
                if (!tables.Of(part, run).IsRaw)
                    continue;
                var tokens = Tokens(part, block, run);
                input.Bytes(tokens.Length, "raw tokens").CopyTo(tokens);
            }
        }

        block.Bytes = 0..(block.Bytes.End.Value + input.Offset - start);
    }

    void ReadRests(ref PayloadReader input, ReadOnlySpan<Block> segment)
    {
        var rests = new BitReader(input.Rest, "rests");
        foreach (var block in segment)
        {
            int start = rests.Used;
            foreach (var part in block.Rans.Parts)
            {
                if (part.InPairs)
                    GapToken.Join(ref rests, part.GapTokens, block.Rans.PositionsOf(part, block), part.Length);
                symbols.Join(ref rests, part, block.Rans.SymbolsOf(part, block));
            }

            block.Rans.Restore(block);
            escapes?.Read(ref rests, block);
            block.Bytes = 0..(block.Bytes.End.Value + (rests.Used - start) / 8);
        }

        input.Bytes(rests.End(), "rests");
    }

    // What belongs to no block alone (states, padding) goes to the last.
    static void Share(Range bytes, ReadOnlySpan<Block> segment)
    {
        int start = bytes.Start.Value;
        for (int i = 0; i < segment.Length; i++)
        {
            int end = i == segment.Length - 1 ? bytes.End.Value : start + segment[i].Bytes.End.Value;
            segment[i].Bytes = start..end;
            start = end;
        }
    }

    Span<byte> Tokens(RansPart part, Block block, int run)
    {
        if (part.InPairs && run == 0)
            return part.GapTokens;
        return symbols.Tokens(part, block.Rans.SymbolsOf(part, block), part.InPairs ? run - 1 : run);
    }

    static bool IsEmpty(ReadOnlySpan<Block> segment)
    {
        foreach (var block in segment)
        {
            if (block.Count > 0)
                return false;
        }

        return true;
    }
}

using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Container;
using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// Segments as rANS streams of tokens. A block in plain form is the tokens of its symbols. A block in pairs is the tokens
/// of gaps, then those of as many symbols: one whose select sends gaps always, a dense one where most symbols are the one
/// for zero, which then need no tokens. What tokens leave out (rests of wide symbols and of long gaps) follows the stream.
/// </summary>
/// <param name="symbols">How symbols become tokens.</param>
/// <param name="choosesForm">Whether dense blocks may be in pairs.</param>
/// <param name="codesGaps">Whether positions of kept values are sent as gaps.</param>
/// <param name="segmentValues">Values that a segment may have, if it has more than one block.</param>
sealed class RansCoder(RansSymbols symbols, bool choosesForm, bool codesGaps, int segmentValues) : BlockCoder
{
    const int Gaps = 0;
    const int PlainForm = 1;
    const int PairForm = 2;

    readonly TableSet gapTables = new(new TableAlphabet(GapToken.Alphabet, TokenShape.OfGaps(), MayBeRaw: false), Gaps, inPairs: true);
    readonly TableSet[] plainTables = Tables(symbols, inPairs: false);
    readonly TableSet[] pairTables = Tables(symbols, inPairs: true);
    int forms;

    public override void Prepare(Block block)
    {
        block.NonZeros.Clear();
        block.InPairs = block.CodesGaps || (choosesForm && symbols.FindNonZeros(block));
        if (block.InPairs)
        {
            var gaps = block.Tokens(block.CodedCount);
            GapToken.Split(block.CodedPositions, gaps);
            Histogram.Count(gaps, block.TokenCounts(Gaps));
        }

        symbols.Split(block);
        for (int run = 0; run < symbols.Runs; run++)
            Histogram.Count(symbols.Tokens(block, run), block.TokenCounts(Gaps + 1 + run));
    }

    public override void WriteTables(Block[] blocks, PayloadWriter output)
    {
        forms = codesGaps ? PairForm : PlainForm;
        if (choosesForm)
        {
            forms = (Array.Exists(blocks, static block => !block.InPairs) ? PlainForm : 0) | (Array.Exists(blocks, static block => block.InPairs) ? PairForm : 0);
            output.UInt8((byte)forms);
        }

        if ((forms & PlainForm) != 0)
            Array.ForEach(plainTables, set => set.Write(blocks, output));
        if ((forms & PairForm) == 0)
            return;
        gapTables.Write(blocks, output);
        Array.ForEach(pairTables, set => set.Write(blocks, output));
    }

    public override void ReadTables(ref PayloadReader input, Block[] blocks)
    {
        forms = choosesForm ? input.UInt8("forms") : codesGaps ? PairForm : PlainForm;
        if (forms is < PlainForm or > (PlainForm | PairForm))
            throw InvalidPayloadException.Field("forms", input.Offset - 1, forms, "must be 1, 2 or 3");
        for (int run = 0; (forms & PlainForm) != 0 && run < symbols.Runs; run++)
            plainTables[run].Read(ref input, blocks);
        if ((forms & PairForm) == 0)
            return;
        gapTables.Read(ref input, blocks);
        for (int run = 0; run < symbols.Runs; run++)
            pairTables[run].Read(ref input, blocks);
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
        var output = segment[0].Output;
        if (IsEmpty(segment))
            return;
        int tokens = 0;
        foreach (var block in segment)
        {
            if (choosesForm)
                output.Varint(block.InPairs ? block.CodedCount + 1 : 0);
            tokens += block.CodedCount * Runs(block);
        }

        Span<uint> state = stackalloc uint[RansStream.MaxStates];
        var stream = new RansEncoder(output, tokens, state[..RansStream.StatesFor(CostOf(segment))]);
        for (int i = segment.Length - 1; i >= 0; i--)
        {
            for (int run = Runs(segment[i]) - 1; run >= 0; run--)
            {
                if (Table(segment[i], run) is { IsRaw: false } table)
                    stream.Encode(Tokens(segment[i], run), table);
            }
        }

        stream.Finish();
        foreach (var block in segment)
        {
            for (int run = 0; run < Runs(block); run++)
            {
                if (Table(block, run).IsRaw)
                    output.Bytes(Tokens(block, run));
            }
        }

        var rests = new BitWriter(output);
        foreach (var block in segment)
        {
            if (block.InPairs)
                GapToken.WriteRests(ref rests, block.CodedPositions);
            symbols.WriteRests(ref rests, block);
        }

        rests.Flush();
    }

    public override void DecodeSegment(ReadOnlySpan<byte> input, ReadOnlySpan<Block> segment)
    {
        var whole = new PayloadReader(input);
        var bytes = segment[0].Bytes;
        foreach (var block in segment)
        {
            block.Bytes = default;
            if (!IsEmpty(segment))
                ReadForm(ref whole, block);
        }

        if (!IsEmpty(segment))
        {
            ReadStream(ref whole, segment);
            ReadRests(ref whole, segment);
        }

        whole.End("rans segment");
        Share(bytes, segment);
    }

    void ReadForm(ref PayloadReader input, Block block)
    {
        block.NonZeros.Clear();
        int least = (forms & PlainForm) != 0 ? 0 : 1;
        int form = choosesForm ? input.Varint("number of non-zeros", least, (forms & PairForm) != 0 ? block.Count + 1 : 0) : 0;
        block.InPairs = codesGaps || form > 0;
        if (form > 0)
            CollectionsMarshal.SetCount(block.NonZeros, form - 1);
    }

    // Each block's Bytes come to hold the number of bytes that are its own, for Share.
    void ReadStream(ref PayloadReader input, ReadOnlySpan<Block> segment)
    {
        Span<uint> state = stackalloc uint[RansStream.MaxStates];
        var stream = new RansDecoder(input.Rest, input.Offset, state[..RansStream.StatesFor(CostOf(segment))]);
        foreach (var block in segment)
        {
            int start = stream.Used;
            for (int run = 0; run < Runs(block); run++)
            {
                if (Table(block, run) is { IsRaw: false } table)
                    stream.Decode(Tokens(block, run), table);
            }

            block.Bytes = 0..(stream.Used - start);
        }

        input.Bytes(stream.Finish(), "rans stream");
        foreach (var block in segment)
        {
            for (int run = 0; run < Runs(block); run++)
            {
                if (!Table(block, run).IsRaw)
                    continue;
                var tokens = Tokens(block, run);
                input.Bytes(tokens.Length, "raw tokens").CopyTo(tokens);
                block.Bytes = 0..(block.Bytes.End.Value + tokens.Length);
            }
        }
    }

    void ReadRests(ref PayloadReader input, ReadOnlySpan<Block> segment)
    {
        var rests = new BitReader(input.Rest, "rests");
        foreach (var block in segment)
        {
            int start = rests.Used;
            if (block.InPairs)
                GapToken.Join(ref rests, Tokens(block, 0), block.CodedPositions, block.Plan.Length);
            symbols.Join(ref rests, block);
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

    // Both ends know it before the stream, so that the number of states need not be sent.
    long CostOf(ReadOnlySpan<Block> segment)
    {
        long cost = 0;
        foreach (var block in segment)
        {
            for (int run = 0; run < Runs(block); run++)
                cost += (long)block.CodedCount * Table(block, run).MeanCost;
        }

        return cost;
    }

    int Runs(Block block) => symbols.Runs + (block.InPairs ? 1 : 0);

    FrequencyTable Table(Block block, int run)
    {
        if (!block.InPairs)
            return plainTables[run].Of(block);
        return (run == 0 ? gapTables : pairTables[run - 1]).Of(block);
    }

    Span<byte> Tokens(Block block, int run)
    {
        if (!block.InPairs)
            return symbols.Tokens(block, run);
        return run == 0 ? block.Tokens(block.CodedCount) : symbols.Tokens(block, run - 1);
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

    static TableSet[] Tables(RansSymbols symbols, bool inPairs) =>
        [.. Enumerable.Range(0, symbols.Runs).Select(run => new TableSet(symbols.Alphabet(run, inPairs), Gaps + 1 + run, inPairs))];
}

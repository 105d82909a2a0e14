using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Container;
using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// Segments as rANS streams of tokens. A block's rows are grouped by how strong they are, and a group is a part. A part
/// in plain form is the tokens of its symbols. A part in pairs is the tokens of gaps, then those of as many symbols: one
/// whose select sends gaps always, a dense one where most symbols are the one for zero, which then need no tokens. What
/// tokens leave out (rests of wide symbols and of long gaps) follows the stream.
/// </summary>
/// <param name="symbols">How symbols become tokens.</param>
/// <param name="choosesForm">Whether dense parts may be in pairs.</param>
/// <param name="codesGaps">Whether positions of kept values are sent as gaps.</param>
/// <param name="segmentValues">Values that a segment may have, if it has more than one block.</param>
sealed class RansCoder(RansSymbols symbols, bool choosesForm, bool codesGaps, int segmentValues) : BlockCoder
{
    const int GroupCountBits = 4;
    const int StatesBits = 3;

    readonly TableSet gapTables = new(new TableAlphabet(GapToken.Alphabet, TokenShape.OfGaps(), MayBeRaw: false), RansPart.Gaps, inPairs: true);
    readonly TableSet[] plainTables = Tables(symbols, inPairs: false);
    readonly TableSet[] pairTables = Tables(symbols, inPairs: true);
    readonly List<RansPart> allParts = [];
    bool mayBePlain = !codesGaps;
    bool mayPair = codesGaps;

    public override void Prepare(Block block)
    {
        var memory = block.Rans;
        var rows = Rows.Of(block.Plan);
        if (MayGroup(block))
            Group(block, rows);
        else
            memory.Groups.Take(1, default);
        memory.MakeParts();
        memory.Measure(block, rows);
        if (block.CodesGaps)
            CountKept(block, rows);
        memory.Place();
        memory.Arrange(block, rows);
        for (int i = 0; i < memory.Parts.Length; i++)
        {
            memory.Parts[i].Level = symbols.HasActivity ? memory.Groups.ActivityOf(i).Level : -1;
            PreparePart(memory.Parts[i], block);
        }
    }

    bool MayGroup(Block block) => symbols.HasActivity && block.CodesGaps == block.IsSparse;

    void Group(Block block, Rows rows)
    {
        var activities = block.Rans.Activities(rows.Count);
        var all = default(Activity);
        int first = 0, size = block.SymbolBytes;
        for (int row = 0; row < activities.Length; row++)
        {
            int length = rows.End(row) - rows.Start(row), count = length;
            if (block.CodesGaps)
            {
                for (count = 0; first + count < block.Count && block.Positions[first + count] < rows.End(row);)
                    count++;
            }

            all += activities[row] = symbols.ActivityOf(block.Symbols.Slice(first * size, count * size), length);
            first += count;
        }

        if (activities.Length > 1)
            block.Rans.Groups.Divide(activities);
        else
            block.Rans.Groups.Take(1, all);
    }

    static void CountKept(Block block, Rows rows)
    {
        var memory = block.Rans;
        if (memory.Groups.Count == 1)
        {
            memory.Parts[0].Count = block.Count;
            return;
        }

        var groupOf = memory.Groups.Of(rows.Count);
        foreach (int position in block.Positions)
            memory.Parts[groupOf[(position + rows.Offset) / rows.Unit]].Count++;
    }

    void PreparePart(RansPart part, Block block)
    {
        var own = block.Rans.SymbolsOf(part, block);
        part.Tensor = block.Plan.TensorIndex;
        part.InPairs = block.CodesGaps;
        if (choosesForm)
            symbols.FindNonZeros(part, own);
        if (part.InPairs)
        {
            GapToken.Split(block.Rans.PositionsOf(part, block), part.GapTokens);
            Histogram.Count(part.GapTokens, part.CountsOf(RansPart.Gaps));
        }

        symbols.Split(part, own);
        for (int run = 0; run < symbols.Runs; run++)
            Histogram.Count(symbols.Tokens(part, own, run), part.CountsOf(1 + run));
    }

    public override void WriteTables(Block[] blocks, PayloadWriter output)
    {
        allParts.Clear();
        foreach (var block in blocks)
            allParts.AddRange(block.Rans.Parts);
        if (choosesForm)
        {
            mayBePlain = allParts.Exists(static part => !part.InPairs);
            mayPair = allParts.Exists(static part => part.InPairs);
            output.UInt8((byte)((mayBePlain ? 1 : 0) | (mayPair ? 2 : 0)));
        }

        if (mayBePlain)
            Array.ForEach(plainTables, set => set.Write(allParts, output));
        if (!mayPair)
            return;
        gapTables.Write(allParts, output);
        Array.ForEach(pairTables, set => set.Write(allParts, output));
    }

    public override void ReadTables(ref PayloadReader input, Block[] blocks)
    {
        if (choosesForm)
        {
            int forms = input.UInt8("forms");
            if (forms is < 1 or > 3)
                throw InvalidPayloadException.Field("forms", input.Offset - 1, forms, "must be 1, 2 or 3");
            (mayBePlain, mayPair) = ((forms & 1) != 0, (forms & 2) != 0);
        }

        int parts = blocks.Length * RowGroups.MaxGroups;
        for (int run = 0; mayBePlain && run < symbols.Runs; run++)
            plainTables[run].Read(ref input, parts);
        if (!mayPair)
            return;
        gapTables.Read(ref input, parts);
        for (int run = 0; run < symbols.Runs; run++)
            pairTables[run].Read(ref input, parts);
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
        int states = RansStream.StatesFor(CostOf(segment));
        var bits = new BitWriter(output);
        bits.Write((uint)System.Numerics.BitOperations.Log2((uint)states), StatesBits);
        foreach (var block in segment)
            WriteParts(ref bits, block);
        bits.Flush();
        WriteStream(output, segment, states);
        bits = new BitWriter(output);
        foreach (var block in segment)
        {
            foreach (var part in block.Rans.Parts)
            {
                if (part.InPairs)
                    GapToken.WriteRests(ref bits, block.Rans.PositionsOf(part, block));
                symbols.WriteRests(ref bits, part, block.Rans.SymbolsOf(part, block));
            }
        }

        bits.Flush();
    }

    void WriteParts(ref BitWriter bits, Block block)
    {
        var groups = block.Rans.Groups;
        var rows = Rows.Of(block.Plan);
        if (MayGroup(block) && rows.Count > 1)
        {
            bits.Write((uint)groups.Count - 1, GroupCountBits);
            for (int row = 0; groups.Count > 1 && row < rows.Count; row++)
                bits.Write(groups.Of(rows.Count)[row], groups.Bits);
        }

        foreach (var part in block.Rans.Parts)
        {
            if (mayBePlain && mayPair)
                bits.Write(part.InPairs ? 1u : 0, 1);
            if (part.IsScattered || (part.InPairs && groups.Count > 1))
                bits.Write((uint)part.Coded, CountBits(part.Length));
            for (int run = 0; run < Runs(part); run++)
                Set(part, run).WriteNumber(ref bits, part);
        }
    }

    void WriteStream(PayloadWriter output, ReadOnlySpan<Block> segment, int states)
    {
        int tokens = 0;
        foreach (var block in segment)
        {
            foreach (var part in block.Rans.Parts)
                tokens += part.Coded * Runs(part);
        }

        Span<uint> state = stackalloc uint[RansStream.MaxStates];
        var stream = new RansEncoder(output, tokens, state[..states]);
        for (int i = segment.Length - 1; i >= 0; i--)
        {
            var parts = segment[i].Rans.Parts;
            for (int p = parts.Length - 1; p >= 0; p--)
            {
                for (int run = Runs(parts[p]) - 1; run >= 0; run--)
                {
                    if (Set(parts[p], run).Of(parts[p]) is { IsRaw: false } table)
                        stream.Encode(Tokens(parts[p], segment[i], run), table);
                }
            }
        }

        stream.Finish();
        foreach (var block in segment)
        {
            foreach (var part in block.Rans.Parts)
            {
                for (int run = 0; run < Runs(part); run++)
                {
                    if (Set(part, run).Of(part).IsRaw)
                        output.Bytes(Tokens(part, block, run));
                }
            }
        }
    }

    public override void DecodeSegment(ReadOnlySpan<byte> input, ReadOnlySpan<Block> segment)
    {
        var whole = new PayloadReader(input);
        var bytes = segment[0].Bytes;
        foreach (var block in segment)
            block.Bytes = default;
        if (!IsEmpty(segment))
        {
            var bits = new BitReader(input, "parts");
            int states = 1 << (int)bits.Read(StatesBits);
            if (states > RansStream.MaxStates)
                throw InvalidPayloadException.Field("rans states", 0, states, $"must be at most {RansStream.MaxStates}");
            foreach (var block in segment)
                ReadParts(ref bits, block);
            whole.Bytes(bits.End(), "parts");
            ReadStream(ref whole, segment, states);
            ReadRests(ref whole, segment);
        }

        whole.End("rans segment");
        Share(bytes, segment);
    }

    void ReadParts(ref BitReader bits, Block block)
    {
        var memory = block.Rans;
        var rows = Rows.Of(block.Plan);
        memory.Groups.Take(MayGroup(block) && rows.Count > 1 ? (int)bits.Read(GroupCountBits) + 1 : 1, default);
        var groupOf = memory.Groups.Of(rows.Count);
        for (int row = 0; memory.Groups.Count > 1 && row < groupOf.Length; row++)
        {
            groupOf[row] = (byte)bits.Read(memory.Groups.Bits);
            if (groupOf[row] >= memory.Groups.Count)
                throw InvalidPayloadException.Field("group of a row", row, groupOf[row], $"must be below {memory.Groups.Count}");
        }

        memory.MakeParts();
        memory.Measure(block, rows);
        int left = block.Count;
        foreach (var part in memory.Parts)
        {
            bool pairs = mayPair && (!mayBePlain || bits.Read(1) != 0);
            part.InPairs = pairs;
            if (choosesForm && pairs)
                part.Scatter(ReadCount(ref bits, part, part.Length));
            else if (block.CodesGaps)
                part.Count = memory.Groups.Count > 1 ? ReadCount(ref bits, part, Math.Min(left, part.Length)) : left;
            left -= part.Count;
            for (int run = 0; run < Runs(part); run++)
                Set(part, run).ReadNumber(ref bits, part);
        }

        if (left != 0)
            throw InvalidPayloadException.Field("symbols of parts", 0, block.Count - left, $"must be {block.Count} together");
        memory.Place();
    }

    static int ReadCount(ref BitReader bits, RansPart part, int most)
    {
        int count = (int)bits.Read(CountBits(part.Length));
        return count <= most ? count : throw InvalidPayloadException.Field("coded symbols", 0, count, $"must be at most {most}");
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
                for (int run = 0; run < Runs(part); run++)
                {
                    if (Set(part, run).Of(part) is { IsRaw: false } table)
                        stream.Decode(Tokens(part, block, run), table);
                }
            }

            block.Bytes = 0..(stream.Used - start);
        }

        input.Bytes(stream.Finish(), "rans stream");
        foreach (var block in segment)
        {
            foreach (var part in block.Rans.Parts)
            {
                for (int run = 0; run < Runs(part); run++)
                {
                    if (!Set(part, run).Of(part).IsRaw)
                        continue;
                    var tokens = Tokens(part, block, run);
                    input.Bytes(tokens.Length, "raw tokens").CopyTo(tokens);
                    block.Bytes = 0..(block.Bytes.End.Value + tokens.Length);
                }
            }
        }
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

            block.Rans.Restore(block, Rows.Of(block.Plan));
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

    long CostOf(ReadOnlySpan<Block> segment)
    {
        long cost = 0;
        foreach (var block in segment)
        {
            foreach (var part in block.Rans.Parts)
            {
                for (int run = 0; run < Runs(part); run++)
                    cost += (long)part.Coded * Set(part, run).Of(part).MeanCost;
            }
        }

        return cost;
    }

    int Runs(RansPart part) => symbols.Runs + (part.InPairs ? 1 : 0);

    TableSet Set(RansPart part, int run)
    {
        if (!part.InPairs)
            return plainTables[run];
        return run == 0 ? gapTables : pairTables[run - 1];
    }

    Span<byte> Tokens(RansPart part, Block block, int run)
    {
        if (part.InPairs && run == 0)
            return part.GapTokens;
        return symbols.Tokens(part, block.Rans.SymbolsOf(part, block), part.InPairs ? run - 1 : run);
    }

    static int CountBits(int most) => System.Numerics.BitOperations.Log2((uint)most + 1) + 1;

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
        [.. Enumerable.Range(0, symbols.Runs).Select(run => new TableSet(symbols.Alphabet(run, inPairs), 1 + run, inPairs))];
}

using System.Collections.Concurrent;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// Segments of blocks as two range codes of levels whose rows are coded side by side (<see cref="WavefrontModel"/>), all that a
/// segment has of a tensor together.
/// </summary>
sealed class WavefrontCoder(BlockLevels levelsOf)
{
    readonly ConcurrentBag<Workplace> workplaces = [];

    // One segment's memory while it is at work.
    sealed class Workplace
    {
        int[] levels = [];

        public WavefrontModel Model { get; } = new();

        public PayloadWriter First { get; } = new();

        public PayloadWriter Second { get; } = new();

        public Span<int> Levels(int count)
        {
            if (levels.Length < count)
                levels = new int[count];
            return levels.AsSpan(0, count);
        }
    }

    /// <summary>Appends a segment to the output of its first block.</summary>
    public void Encode(ReadOnlySpan<Block> segment)
    {
        var place = workplaces.TryTake(out var free) ? free : new Workplace();
        place.First.Clear();
        place.Second.Clear();
        RangeEncoder first = new(place.First), second = new(place.Second);
        place.Model.Clear();
        for (int done = 0; done < segment.Length;)
        {
            var part = PartOf(segment[done..]);
            var levels = place.Levels(LengthOf(part));
            int at = 0;
            foreach (var block in part)
            {
                levelsOf.Take(block, levels.Slice(at, BlockLevels.LengthOf(block)));
                at += BlockLevels.LengthOf(block);
            }

            CodePart(ref first, ref second, place.Model, part, levels);
            if (levelsOf.AreChosen)
                Give(levels, part);
            done += part.Length;
        }

        first.Finish();
        second.Finish();
        var output = segment[0].Output;
        output.Varint(place.First.Length);
        output.Bytes(place.First.Written.Span);
        output.Bytes(place.Second.Written.Span);
        workplaces.Add(place);
    }

    /// <exception cref="InvalidPayloadException">A length or a level is wrong, or bytes are left.</exception>
    public void Decode(ReadOnlySpan<byte> input, ReadOnlySpan<Block> segment)
    {
        var place = workplaces.TryTake(out var free) ? free : new Workplace();
        var reader = new PayloadReader(input);
        int length = reader.Varint("length of the first range code", 0, reader.Left);
        RangeDecoder first = new(reader.Bytes(length, "first range code")),
            second = new(reader.Bytes(reader.Left, "second range code"));
        place.Model.Clear();
        int before = 0;
        for (int done = 0; done < segment.Length;)
        {
            var part = PartOf(segment[done..]);
            var levels = place.Levels(LengthOf(part));
            CodePart(ref first, ref second, place.Model, part, levels);
            Give(levels, part);

            // What a tensor takes is told of its first block.
            int after = first.Position + second.Position;
            foreach (var block in part)
                block.Bytes = after..after;
            part[0].Bytes = before..after;
            before = after;
            done += part.Length;
        }

        first.Finish();
        second.Finish();
        workplaces.Add(place);
    }

    void CodePart<TCoder>(ref TCoder first, ref TCoder second, WavefrontModel model, ReadOnlySpan<Block> part, Span<int> levels)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        if (levels.IsEmpty)
            return;
        var plan = part[0].Plan;
        bool hasRows = BlockLevels.HasRows(part[0]);
        int rowLength = hasRows ? plan.Tensor.Length / plan.Tensor.Channels : BlockLevels.RowOfOthers,
            lag = hasRows ? Lags.Code(ref first, plan.Tensor, rowLength, levels, levelsOf.Large) : Lags.Shortest,
            width = WavefrontRows.WidthOf(hasRows && plan.Tensor.Channels > 1 ? rowLength : BlockLevels.RowOfOthers);
        model.Code(ref first, ref second, levels, width, hasRows ? (plan.Start - plan.Tensor.Offset) % width : 0, lag,
            levelsOf.AreChosen);
    }

    // The first blocks, of one tensor.
    static ReadOnlySpan<Block> PartOf(ReadOnlySpan<Block> segment)
    {
        int length = 1;
        while (length < segment.Length && !BlockLevels.Begins(segment, length))
            length++;
        return segment[..length];
    }

    void Give(ReadOnlySpan<int> levels, ReadOnlySpan<Block> part)
    {
        foreach (var block in part)
        {
            int length = BlockLevels.LengthOf(block);
            levelsOf.Give(levels[..length], block);
            levels = levels[length..];
        }
    }

    static int LengthOf(ReadOnlySpan<Block> part)
    {
        int length = 0;
        foreach (var block in part)
            length += BlockLevels.LengthOf(block);
        return length;
    }
}

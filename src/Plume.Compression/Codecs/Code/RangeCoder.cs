using System.Collections.Concurrent;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Weights;

namespace Plume.Compression.Codecs.Code;

/// <summary>Segments of blocks as range codes of levels (<see cref="BlockLevels"/>).</summary>
sealed class RangeCoder(QuantizeStage quantizer) : BlockCoder
{
    /// <summary>A segment of at least so many values is a long run.</summary>
    public const int LongRun = SegmentValues / 2;

    const int SegmentValues = 1 << 18;

    readonly ConcurrentBag<Workplace> workplaces = [];
    readonly BlockLevels levelsOf = new(quantizer);
    readonly WavefrontCoder wavefront = new(new BlockLevels(quantizer));
    readonly bool hasTrellis = quantizer is DeadZone { Trellis: true };

    // One segment's memory while it is at work.
    sealed class Workplace
    {
        readonly LevelModel ofShort = new();
        LogisticModel? ofLong;
        int[] levels = [];
        bool isLong;

        public void Clear(bool hasLongRuns)
        {
            isLong = hasLongRuns;
            if (isLong)
                (ofLong ??= new LogisticModel()).Clear();
            else
                ofShort.Clear();
        }

        public void Begin(int width, int firstColumn, int lag, int kind)
        {
            if (isLong)
                ofLong!.Begin(width, firstColumn, lag);
            else
                ofShort.Begin(width, firstColumn, lag, kind);
        }

        public void Code<TCoder>(ref TCoder coder, Span<int> levels, bool chooses, bool throughTrellis)
            where TCoder : struct, ILevelCoder, allows ref struct
        {
            if (isLong)
                ofLong!.Code(ref coder, levels, chooses, throughTrellis);
            else
                ofShort.Code(ref coder, levels, chooses);
        }

        public void CodeByTrellis<TCoder>(ref TCoder coder, Span<int> levels)
            where TCoder : struct, ILevelCoder, allows ref struct => ofLong!.CodeByTrellis(ref coder, levels);

        public Span<int> Levels(int count)
        {
            if (levels.Length < count)
                levels = new int[count];
            return levels.AsSpan(0, count);
        }
    }

    // A range code that was cut short reads on in zeros.
    public override bool KnowsItsEnd => false;

    public override int SegmentLength(Block[] blocks, int first)
    {
        int length = 0, values = 0;
        while (first + length < blocks.Length && values < SegmentValues)
            values += blocks[first + length++].Plan.Length;
        int rest = 0;
        for (int next = first + length; next < blocks.Length && rest < SegmentValues / 2; next++)
            rest += blocks[next].Plan.Length;
        return rest < SegmentValues / 2 ? blocks.Length - first : length;
    }

    public override void Encode(Block block) => EncodeSegment([block]);

    public override void Decode(ReadOnlySpan<byte> input, Block block) => DecodeSegment(input, [block]);

    public override void EncodeSegment(ReadOnlySpan<Block> segment)
    {
        if (LongRuns == PayloadForm.Wavefront)
        {
            wavefront.Encode(segment);
            return;
        }

        var place = workplaces.TryTake(out var free) ? free : new Workplace();
        var coder = new RangeEncoder(segment[0].Output);
        place.Clear(LongRuns == PayloadForm.LongRuns);
        for (int index = 0; index < segment.Length; index++)
        {
            var block = segment[index];
            var levels = levelsOf.AreSymbols ? BlockLevels.SymbolsOf(block) : place.Levels(BlockLevels.LengthOf(block));
            if (!levelsOf.AreSymbols)
                levelsOf.Take(block, levels);
            if (BlockLevels.Begins(segment, index))
                Begin(ref coder, place, segment, index, levels);
            if (hasTrellis)
                place.CodeByTrellis(ref coder, levels);
            else
                place.Code(ref coder, levels, levelsOf.AreChosen, throughTrellis: false);
        }

        coder.Finish();
        workplaces.Add(place);
    }

    public override void DecodeSegment(ReadOnlySpan<byte> input, ReadOnlySpan<Block> segment)
    {
        if (LongRuns == PayloadForm.Wavefront)
        {
            wavefront.Decode(input, segment);
            return;
        }

        var place = workplaces.TryTake(out var free) ? free : new Workplace();
        var coder = new RangeDecoder(input);
        place.Clear(LongRuns == PayloadForm.LongRuns);
        int before = 0;
        for (int index = 0; index < segment.Length; index++)
        {
            var block = segment[index];
            var levels = levelsOf.AreSymbols ? BlockLevels.SymbolsOf(block) : place.Levels(BlockLevels.LengthOf(block));
            if (BlockLevels.Begins(segment, index))
                Begin(ref coder, place, segment, index, levels);
            place.Code(ref coder, levels, chooses: false, hasTrellis);
            if (hasTrellis)
                Trellis.ToHalfSteps(levels);
            if (!levelsOf.AreSymbols)
                levelsOf.Give(levels, block);
            block.Bytes = before..coder.Position;
            before = coder.Position;
        }

        coder.Finish();
        workplaces.Add(place);
    }

    // Rows are those of the tensor, where its values are all there; the lag is a kernel's width, or what the encoder finds.
    void Begin<TCoder>(ref TCoder coder, Workplace place, ReadOnlySpan<Block> segment, int index, ReadOnlySpan<int> levels)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        var block = segment[index];
        var tensor = block.Plan.Tensor;
        bool hasRows = BlockLevels.HasRows(block);
        int width = hasRows ? tensor.Length / tensor.Channels : Math.Min(BlockLevels.RowOfOthers, block.Plan.Length);
        int lag = hasRows ? Lags.Code(ref coder, tensor, width, levels, levelsOf.Large) : Lags.Shortest;
        int kind = tensor.Role != TensorRole.Weight ? LevelModel.Kinds - 1 : Math.Min(index, LevelModel.Kinds - 2);
        place.Begin(width, hasRows ? (block.Plan.Start - tensor.Offset) % width : 0, lag, kind);
    }
}

using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// Segments of blocks as range codes of levels. A level is what a quantizer with a dead zone gives; of other dense symbols,
/// the distance from the one for zero, or from the middle; of positions with their symbols, zero where nothing was kept,
/// else one more than the magnitude, with its sign.
/// </summary>
sealed class RangeCoder(QuantizeStage quantizer) : BlockCoder
{
    /// <summary>A segment of at least so many values is a long run.</summary>
    public const int LongRun = SegmentValues / 2;

    const int SegmentValues = 1 << 18;

    readonly ConcurrentBag<Workplace> workplaces = [];
    readonly bool isWide = quantizer is DeadZone { IsWide: true };
    readonly bool chooses = quantizer is DeadZone { IsWide: true, Exact: false };
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
        var place = workplaces.TryTake(out var free) ? free : new Workplace();
        var coder = new RangeEncoder(segment[0].Output);
        place.Clear(HasLongRuns);
        for (int index = 0; index < segment.Length; index++)
        {
            var block = segment[index];
            var levels = isWide ? MemoryMarshal.Cast<byte, int>(block.Symbols) : place.Levels(LengthOf(block));
            if (!isWide)
                ToLevels(block, levels);
            if (Begins(segment, index))
                Begin(ref coder, place, segment, index, levels);
            if (hasTrellis)
                place.CodeByTrellis(ref coder, levels);
            else
                place.Code(ref coder, levels, chooses, throughTrellis: false);
        }

        coder.Finish();
        workplaces.Add(place);
    }

    public override void DecodeSegment(ReadOnlySpan<byte> input, ReadOnlySpan<Block> segment)
    {
        var place = workplaces.TryTake(out var free) ? free : new Workplace();
        var coder = new RangeDecoder(input);
        place.Clear(HasLongRuns);
        int before = 0;
        for (int index = 0; index < segment.Length; index++)
        {
            var block = segment[index];
            var levels = isWide ? MemoryMarshal.Cast<byte, int>(block.Symbols) : place.Levels(LengthOf(block));
            if (Begins(segment, index))
                Begin(ref coder, place, segment, index, levels);
            place.Code(ref coder, levels, chooses: false, hasTrellis);
            if (hasTrellis)
                Trellis.ToHalfSteps(levels);
            if (!isWide)
                FromLevels(levels, block);
            block.Bytes = before..coder.Position;
            before = coder.Position;
        }

        coder.Finish();
        workplaces.Add(place);
    }

    static int LengthOf(Block block) => block.CodesGaps ? block.Plan.Length : block.Count;

    static bool Begins(ReadOnlySpan<Block> segment, int index) =>
        index == 0 || segment[index].Plan.TensorIndex != segment[index - 1].Plan.TensorIndex;

    // Rows are those of the tensor, where its values are all there; the lag is a kernel's width, or what the encoder finds.
    void Begin<TCoder>(ref TCoder coder, Workplace place, ReadOnlySpan<Block> segment, int index, ReadOnlySpan<int> levels)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        var block = segment[index];
        var tensor = block.Plan.Tensor;
        bool hasRows = (!block.IsSparse || block.CodesGaps) && tensor.Shape.Count > 1;
        int width = hasRows ? tensor.Length / tensor.Channels : Math.Min(512, block.Plan.Length);
        int lag = hasRows ? Lags.Code(ref coder, tensor, width, levels, chooses ? 1 << (LevelModel.FractionBits - 1) : 1)
            : Lags.Shortest;
        int kind = tensor.Role != TensorRole.Weight ? LevelModel.Kinds - 1 : Math.Min(index, LevelModel.Kinds - 2);
        place.Begin(width, hasRows ? (block.Plan.Start - tensor.Offset) % width : 0, lag, kind);
    }

    void ToLevels(Block block, Span<int> levels)
    {
        int zero = ZeroOf(block), wide = block.SymbolBytes;
        var symbols = block.Symbols;
        var symbols16 = MemoryMarshal.Cast<byte, ushort>(symbols);
        if (!block.CodesGaps)
        {
            for (int i = 0; i < levels.Length; i++)
                levels[i] = (wide == 1 ? symbols[i] : symbols16[i]) - zero;
            return;
        }

        levels.Clear();
        var positions = block.Positions;
        for (int i = 0; i < positions.Length; i++)
        {
            int symbol = wide == 1 ? symbols[i] : symbols16[i];
            levels[positions[i]] = (symbol & 1) != 0 ? -(symbol >> 1) - 1 : (symbol >> 1) + 1;
        }
    }

    void FromLevels(ReadOnlySpan<int> levels, Block block)
    {
        int zero = ZeroOf(block), wide = block.SymbolBytes, last = (1 << block.SymbolBits) - 1, next = 0;
        var symbols = block.Symbols;
        var symbols16 = MemoryMarshal.Cast<byte, ushort>(symbols);
        for (int i = 0; i < levels.Length; i++)
        {
            int symbol = levels[i] + zero;
            if (block.CodesGaps)
            {
                if (levels[i] == 0)
                    continue;
                symbol = levels[i] < 0 ? 2 * (-levels[i] - 1) + 1 : 2 * (levels[i] - 1);
                if (next == symbols.Length / wide)
                    throw InvalidPayloadException.Field("kept values", i, next + 1, $"must be {next} as said before");
                block.Positions[next] = (ushort)i;
            }

            if ((uint)symbol > (uint)last)
                throw InvalidPayloadException.Field("symbol", i, symbol, $"must be from 0 to {last}");
            if (wide == 1)
                symbols[next++] = (byte)symbol;
            else
                symbols16[next++] = (ushort)symbol;
        }

        if (next < block.Count)
            throw InvalidPayloadException.Field("kept values", levels.Length, next, $"must be {block.Count} as said before");
    }

    int ZeroOf(Block block) => block.IsSparse || quantizer.ZeroSymbol < 0 ? 1 << (block.SymbolBits - 1) : quantizer.ZeroSymbol;
}

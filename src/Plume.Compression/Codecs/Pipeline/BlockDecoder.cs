using System.Runtime.InteropServices;
using Plume.Compression.Aggregation;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Quantize.Floats;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Kernels.Rotation;
using Plume.Compression.Kernels;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>Reads the tensors that every stage works on, and puts them to use block by block.</summary>
sealed class BlockDecoder
{
    /// <summary>Values that are on their way into a sum at a time: few enough for the first-level cache.</summary>
    const int Chunk = 4096;

    readonly CodecPlan plan;
    readonly BlockSelector? selector;
    readonly BlockCoder coder;
    readonly GridMap map;
    readonly Segments segments;
    Grid[] grids = [];
    ParallelLoop loop = new(1);
    Scratch[] scratches = [];
    RandomKey key;

    public BlockDecoder(CodecPlan plan)
    {
        this.plan = plan;
        Blocks = [.. plan.Blocks.Select(static block => new Block(block))];
        selector = plan.Codec.Selector?.CreateSelector(plan);
        coder = plan.Codec.Coder.CreateCoder(plan);
        map = new GridMap(plan.Quantizer, [.. plan.Tensors(TensorTreatment.Coded)]);
        segments = new Segments(coder, Blocks);
    }

    public Block[] Blocks { get; }

    /// <exception cref="InvalidPayloadException">A field breaks its rule.</exception>
    public void Read(ref PayloadReader input, ReadOnlyMemory<byte> payload, PayloadForm form, SelectContext context)
    {
        (loop, scratches, key) = (context.Loop, context.Scratches, context.Key);
        if (Blocks.Length == 0)
            return;
        Locate(ref input, context);
        int gridCount = map.Number(Blocks);
        if (grids.Length < gridCount)
            grids = new Grid[gridCount];
        for (int grid = 0; grid < gridCount; grid++)
            grids[grid] = plan.Quantizer.Read(ref input, plan.Codec.Selects);
        foreach (var block in Blocks)
            block.Outliers.Clear();
        coder.LongRuns = form & (PayloadForm.LongRuns | PayloadForm.Wavefront);
        if ((form & PayloadForm.WithOutliers) != 0)
            Outliers.Read(ref input, Blocks);
        if (plan.IsFixedWidth)
            ReadFixedWidth(ref input, payload.Span);
        else
            ReadSegments(ref input, payload);
    }

    void Locate(ref PayloadReader input, SelectContext context)
    {
        if (plan.SendsCounts)
        {
            foreach (var block in Blocks)
                block.MakeSparse(input.Varint("number of kept values", 0, block.Plan.Length));
        }
        else if (selector is not null)
        {
            selector.Locate(Blocks, context);
        }
        else
        {
            Array.ForEach(Blocks, static block => block.MakeDense());
        }
    }

    // Any symbols are valid, so blocks are unpacked only when they are put to use.
    void ReadFixedWidth(ref PayloadReader input, ReadOnlySpan<byte> payload)
    {
        foreach (var block in Blocks)
        {
            int start = input.Offset;
            var fields = input.Bytes(BitFields.LengthOf(block.Count, plan.Quantizer.SymbolBits), "packed values");
            if (!BitFields.IsPadded(fields, block.Count, plan.Quantizer.SymbolBits))
                throw InvalidPayloadException.Field("packed values", input.Offset - 1, "padded with ones",
                    "must be padded with zeros");
            block.Bytes = start..input.Offset;
            if (plan.Quantizer is FullPrecision)
                Finite.Check(MemoryMarshal.Cast<byte, float>(payload[block.Bytes]), block.Plan.Tensor.Name, start);
        }
    }

    void ReadSegments(ref PayloadReader input, ReadOnlyMemory<byte> payload)
    {
        foreach (var block in Blocks)
            block.MakeSymbols(plan.Quantizer.SymbolBits);
        coder.ReadTables(ref input, Blocks);
        for (int segment = 0; segment < segments.Told; segment++)
            segments[segment][0].Bytes = 0..input.Varint("segment length", 0, input.Left);
        for (int segment = 0; segment < segments.Count; segment++)
        {
            int start = input.Offset;
            input.Bytes(segment < segments.Told ? segments[segment][0].Bytes.End.Value : input.Left, "segment");
            segments[segment][0].Bytes = start..input.Offset;
        }

        loop.Run(segments.Count, (this, payload),
            static (state, index, _) => state.Item1.ReadSegment(state.Item1.segments[index], state.payload.Span));
    }

    void ReadSegment(ReadOnlySpan<Block> segment, ReadOnlySpan<byte> payload)
    {
        int start = segment[0].Bytes.Start.Value;
        var bytes = payload[segment[0].Bytes];
        if (plan.Codec.Selector?.Positions == PositionCoding.Written)
        {
            var input = new PayloadReader(bytes);
            foreach (var block in segment)
                selector!.ReadPositions(block, ref input);
            bytes = input.Rest;
        }

        coder.DecodeSegment(bytes, segment);
        if (plan.Quantizer is not FullPrecision)
            return;
        foreach (var block in segment)
            Finite.Check(MemoryMarshal.Cast<byte, float>(block.Symbols), block.Plan.Tensor.Name, start);
    }

    /// <summary>Writes a block's values. Dense ones go where they belong; kept ones are scattered among zeros.</summary>
    public void Write(Block block, ReadOnlySpan<byte> payload, Span<float> target, int worker)
    {
        var symbols = SymbolsOf(block, payload, worker);
        if (!block.IsSparse)
        {
            Dequantize(block, symbols, 0, target);
            return;
        }

        DequantizeKept(block, symbols);
        block.Scatter(target);
    }

    /// <summary>Adds weight * a block's values to a sum.</summary>
    public double AddTo(ExactSum sum, Block block, ReadOnlySpan<byte> payload, double weight, int worker)
    {
        var symbols = SymbolsOf(block, payload, worker);
        if (block.IsSparse)
        {
            DequantizeKept(block, symbols);
            return sum.AddBounded(block.Plan.Start, block.Positions, block.Kept, weight);
        }

        double squares = 0;
        for (int start = 0; start < block.Count; start += Chunk)
        {
            var values = scratches[worker].Values(Math.Min(Chunk, block.Count - start));
            Dequantize(block, symbols, start, values);
            squares += sum.AddBounded(block.Plan.Start + start, values, weight);
        }

        return squares;
    }

    /// <summary>
    /// A bound of the largest magnitude of all blocks, of what grids and symbols can say and not of what they do.
    /// </summary>
    public double Bound(ReadOnlySpan<byte> payload)
    {
        double largest = 0;
        foreach (var block in Blocks)
        {
            largest = Math.Max(largest, plan.Quantizer is FullPrecision
                ? Magnitudes.LargestOf(MemoryMarshal.Cast<byte, float>(SymbolsOf(block, payload, 0)))
                : Bound(block, payload));
        }

        return largest;
    }

    double Bound(Block block, ReadOnlySpan<byte> payload)
    {
        double largest = 0;
        int size = Block.BytesFor(plan.Quantizer.SymbolBits);
        for (int start = 0; start < block.Count;)
        {
            var run = map.RunAt(block, start);
            var symbols = plan.IsFixedWidth ? default : SymbolsOf(block, payload, 0).Slice(start * size, run.Length * size);
            largest = Math.Max(largest, plan.Quantizer.LargestOf(symbols, grids[run.Grid], block.IsSparse));
            start += run.Length;
        }

        // Where there are escapes, all of a block's values share a grid.
        foreach (var escape in CollectionsMarshal.AsSpan(block.Escapes))
            largest = Math.Max(largest, Math.Abs(plan.Quantizer.ValueOf(escape.Level, grids[map.RunAt(block, 0).Grid])));
        foreach (var outlier in CollectionsMarshal.AsSpan(block.Outliers))
            largest = Math.Max(largest, Math.Abs(outlier.Value));
        return largest;
    }

    ReadOnlySpan<byte> SymbolsOf(Block block, ReadOnlySpan<byte> payload, int worker)
    {
        if (!plan.IsFixedWidth)
            return block.Symbols;
        int bits = plan.Quantizer.SymbolBits, bytes = Block.BytesFor(bits);
        var fields = payload[block.Bytes];
        if (bits == 8 * bytes)
            return fields;
        var symbols = scratches[worker].Symbols(block.Count * bytes);
        BitFields.Unpack(fields, bits, symbols);
        return symbols;
    }

    void DequantizeKept(Block block, ReadOnlySpan<byte> symbols)
    {
        Dequantize(block, symbols, 0, block.Kept);
        if (plan.Codec.RotatesKept)
            RandomRotation.Unrotate(block.Kept, Rotate.KeyOf(block.Plan, key));
    }

    // The coded values from one on, as many as there is room for.
    void Dequantize(Block block, ReadOnlySpan<byte> symbols, int first, Span<float> values)
    {
        int size = Block.BytesFor(plan.Quantizer.SymbolBits), end = first + values.Length;
        for (int start = first; start < end;)
        {
            var run = map.RunAt(block, start);
            int length = Math.Min(run.Length, end - start);
            plan.Quantizer.Dequantize(symbols.Slice(start * size, length * size), grids[run.Grid], block.IsSparse,
                values.Slice(start - first, length));
            foreach (var escape in CollectionsMarshal.AsSpan(block.Escapes))
            {
                if (escape.Place >= start && escape.Place < start + length)
                    values[escape.Place - first] = plan.Quantizer.ValueOf(escape.Level, grids[run.Grid]);
            }

            start += length;
        }

        block.PutOutliers(first, values);
    }
}

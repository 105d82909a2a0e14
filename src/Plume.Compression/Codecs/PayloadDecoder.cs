using System.Runtime.InteropServices;
using Plume.Compression.Aggregation;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Container;
using Plume.Compression.Kernels;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Compression.Codecs;

/// <summary>
/// Reads payloads of one codec and layout, from senders it does not trust: every count is checked against the layout
/// before memory is taken, and a payload is read to its end before any of it takes effect. One caller at a time.
/// </summary>
public sealed class PayloadDecoder
{
    /// <summary>Values that are on their way into a sum at a time: few enough for the first-level cache.</summary>
    const int Chunk = 4096;

    readonly CodecPlan plan;
    readonly FineTensors fine;
    readonly (TensorSpec Tensor, bool IsExact)[] fineTensors;
    readonly float[] fineValues;
    readonly Block[] blocks;
    readonly BlockSelector? selector;
    readonly BlockCoder coder;
    readonly GridMap map;
    readonly Segments segments;
    readonly Transformer[] transforms;
    readonly bool mixes;
    readonly double growth;
    Grid[] grids = [];
    int gridCount;
    ParallelLoop loop = new(1);
    Scratch[] scratches = [];

    /// <summary>Prepares scratch memory, which grows with what payloads really hold.</summary>
    public PayloadDecoder(Codec codec, ModelLayout layout)
    {
        plan = new CodecPlan(codec, layout);
        fine = new FineTensors(plan);
        fineTensors = [.. fine.Tensors];
        fineValues = new float[fineTensors.Length > 0 ? layout.Length : 0];
        blocks = [.. plan.Blocks.Select(block => new Block(block))];
        selector = codec.Selector?.CreateSelector(plan);
        coder = codec.Coder.CreateCoder(plan);
        map = new GridMap(plan.Quantizer, [.. plan.Tensors(TensorTreatment.Coded)]);
        segments = new Segments(coder, blocks);
        var stages = codec.Stages.OfType<TransformStage>().ToList();
        transforms = [.. stages.Select(stage => stage.CreateTransformer(plan))];
        mixes = stages.Exists(stage => stage.Mixes);
        growth = stages.Aggregate(1.0, (product, stage) => product * stage.LargestGrowth);
    }

    /// <summary>Threads that work on the blocks of one payload; the values do not depend on it.</summary>
    public int Parallelism { get; init => loop = new ParallelLoop(field = value); } = 1;

    /// <summary>Writes the decoded values.</summary>
    /// <param name="payload">What an encoder of the same codec and layout returned.</param>
    /// <param name="values">Receives one float a value of the layout; untouched when the payload is refused.</param>
    /// <param name="key">The key it was encoded with.</param>
    /// <param name="reference">What <c>delta</c> subtracted, or whose zeros <c>mask</c> left out. Empty for other codecs.</param>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule.</exception>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Decode(ReadOnlyMemory<byte> payload, Memory<float> values, RandomKey key, ReadOnlyMemory<float> reference = default)
    {
        if (values.Length != plan.Layout.Length)
            throw new ArgumentException($"The layout has {plan.Layout.Length} values, but room for {values.Length} was given.", nameof(values));
        Read(payload, key, reference);
        foreach (var (tensor, isExact) in fineTensors)
        {
            var target = values.Span.Slice(tensor.Offset, tensor.Length);
            fineValues.AsSpan(tensor.Offset, tensor.Length).CopyTo(target);
            for (int i = transforms.Length - 1; i >= 0 && !isExact; i--)
                transforms[i].InverseFine(target, tensor.Offset, reference.Span);
        }

        loop.Run(blocks.Length, (this, payload, values, key, reference), static (state, index, worker) =>
        {
            var (self, payload, values, key, reference) = state;
            var block = self.blocks[index];
            self.WriteBlock(block, payload.Span, values.Span.Slice(block.Plan.Start, block.Plan.Length), worker);
            self.Invert(block, values.Span.Slice(block.Plan.Start, block.Plan.Length), key, reference.Span);
        });
    }

    /// <summary>Adds weight * decoded values to a sum, at the cost of the values that were sent.</summary>
    /// <param name="payload">What an encoder of the same codec and layout returned.</param>
    /// <param name="sum">As long as the layout; untouched when the payload is refused.</param>
    /// <param name="weight">The update's weight, at least 0.</param>
    /// <param name="key">The key it was encoded with.</param>
    /// <param name="reference">Whose zeros <c>mask</c> left out. Empty for other codecs.</param>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule, or a value is beyond the sum's limit.</exception>
    /// <exception cref="ArgumentException">The sum's length or the weight is wrong, or the codec has <c>delta</c>.</exception>
    public void AddTo(ReadOnlyMemory<byte> payload, ExactSum sum, double weight, RandomKey key, ReadOnlyMemory<float> reference = default)
    {
        ArgumentNullException.ThrowIfNull(sum);
        if (sum.Length != plan.Layout.Length)
            throw new ArgumentException($"The layout has {plan.Layout.Length} values, but the sum has {sum.Length}.", nameof(sum));
        if (!double.IsFinite(weight) || weight < 0)
            throw new ArgumentException($"A weight must be finite and not negative; found {weight}.", nameof(weight));
        if (plan.Codec.SubtractsReference)
            throw new ArgumentException($"Codec '{plan.Codec}' has no meaning in a sum of updates: they are differences already. Leave 'delta' out.", nameof(payload));
        Read(payload, key, reference);
        CheckLimit(payload.Span, sum, weight);
        foreach (var (tensor, _) in fineTensors)
            sum.AddBounded(tensor.Offset, fineValues.AsSpan(tensor.Offset, tensor.Length), weight);
        loop.Run(blocks.Length, (this, payload, sum, weight, key), static (state, index, worker) =>
            state.Item1.AddBlock(state.Item1.blocks[index], state.payload.Span, state.sum, state.weight, state.key, worker));
    }

    /// <summary>
    /// Bits that each tensor's values take in a payload, in the order of the layout. The rest of the payload (header,
    /// grids, tables, lengths) belongs to no one tensor.
    /// </summary>
    /// <param name="payload">What an encoder of the same codec and layout returned.</param>
    /// <param name="key">The key it was encoded with.</param>
    /// <param name="reference">What both ends hold. Empty for codecs that need none.</param>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule.</exception>
    public IReadOnlyList<long> MeasureTensors(ReadOnlyMemory<byte> payload, RandomKey key = default, ReadOnlyMemory<float> reference = default)
    {
        Read(payload, key, reference);
        var coded = blocks
            .GroupBy(block => block.Plan.Tensor.Name)
            .ToDictionary(group => group.Key, group => 8L * group.Sum(block => block.Bytes.End.Value - block.Bytes.Start.Value));
        int fineBits = plan.Quantizer.ForFineTensors().SymbolBits;
        return [.. plan.Treatments.Select(entry => entry.Treatment switch
        {
            TensorTreatment.Coded => coded.GetValueOrDefault(entry.Tensor.Name) + 8L * transforms.Sum(transform => transform.BytesOf(entry.Tensor)),
            TensorTreatment.Fine => (long)fineBits * entry.Tensor.Length,
            _ => 32L * entry.Tensor.Length,
        })];
    }

    void Read(ReadOnlyMemory<byte> payload, RandomKey key, ReadOnlyMemory<float> reference)
    {
        plan.CheckReference(reference);
        if (scratches.Length != loop.Workers)
            scratches = Scratch.For(loop);
        var input = new PayloadReader(payload.Span);
        PayloadHeader.Read(plan, ref input);
        fine.Read(ref input, fineValues);
        foreach (var transform in transforms)
            transform.Read(ref input);
        if (blocks.Length > 0)
            ReadBlocks(ref input, payload, key, reference);
        input.End("payload");
    }

    void ReadBlocks(ref PayloadReader input, ReadOnlyMemory<byte> payload, RandomKey key, ReadOnlyMemory<float> reference)
    {
        if (plan.SendsCounts)
        {
            foreach (var block in blocks)
                block.MakeSparse(input.Varint("number of kept values", 0, block.Plan.Length));
        }
        else if (selector is not null)
        {
            selector.Locate(blocks, new SelectContext(reference, key, loop, scratches));
        }
        else
        {
            Array.ForEach(blocks, static block => block.MakeDense());
        }

        gridCount = map.Number(blocks);
        if (grids.Length < gridCount)
            grids = new Grid[gridCount];
        for (int grid = 0; grid < gridCount; grid++)
            grids[grid] = plan.Quantizer.Read(ref input, plan.Codec.Selects);
        if (plan.IsFixedWidth)
            ReadFixedWidth(ref input, payload.Span);
        else
            ReadSegments(ref input, payload);
    }

    // Any symbols are valid, so blocks are unpacked only when they are put to use.
    void ReadFixedWidth(ref PayloadReader input, ReadOnlySpan<byte> payload)
    {
        foreach (var block in blocks)
        {
            int start = input.Offset;
            var fields = input.Bytes(BitFields.LengthOf(block.Count, plan.Quantizer.SymbolBits), "packed values");
            if (!BitFields.IsPadded(fields, block.Count, plan.Quantizer.SymbolBits))
                throw InvalidPayloadException.Field("packed values", input.Offset - 1, "padded with ones", "must be padded with zeros");
            block.Bytes = start..input.Offset;
            if (plan.Quantizer is FullPrecision)
                Finite.Check(MemoryMarshal.Cast<byte, float>(payload[block.Bytes]), block.Plan.Tensor.Name, start);
        }
    }

    void ReadSegments(ref PayloadReader input, ReadOnlyMemory<byte> payload)
    {
        foreach (var block in blocks)
            block.MakeSymbols(plan.Quantizer.SymbolBits);
        coder.ReadTables(ref input, blocks);
        for (int segment = 0; segment < segments.Told; segment++)
            segments[segment][0].Bytes = 0..input.Varint("segment length", 0, input.Left);
        for (int segment = 0; segment < segments.Count; segment++)
        {
            int start = input.Offset;
            input.Bytes(segment < segments.Told ? segments[segment][0].Bytes.End.Value : input.Left, "segment");
            segments[segment][0].Bytes = start..input.Offset;
        }

        loop.Run(segments.Count, (this, payload), static (state, index, _) => state.Item1.ReadSegment(state.Item1.segments[index], state.payload.Span));
    }

    void ReadSegment(ReadOnlySpan<Block> segment, ReadOnlySpan<byte> payload)
    {
        int start = segment[0].Bytes.Start.Value;
        var bytes = payload[segment[0].Bytes];
        if (plan.Codec.Selector?.Positions == PositionCoding.Written)
        {
            var input = new PayloadReader(bytes);
            selector!.ReadPositions(segment[0], ref input);
            bytes = input.Rest;
        }

        coder.DecodeSegment(bytes, segment);
        if (plan.Quantizer is not FullPrecision)
            return;
        foreach (var block in segment)
            Finite.Check(MemoryMarshal.Cast<byte, float>(block.Symbols), block.Plan.Tensor.Name, start);
    }

    // Dense values go where they belong; kept ones are scattered among zeros.
    void WriteBlock(Block block, ReadOnlySpan<byte> payload, Span<float> target, int worker)
    {
        var symbols = SymbolsOf(block, payload, worker);
        if (!block.IsSparse)
        {
            Dequantize(block, symbols, 0, target);
            return;
        }

        Dequantize(block, symbols, 0, block.Kept);
        target.Clear();
        var positions = block.Positions;
        var kept = block.Kept;
        for (int i = 0; i < kept.Length; i++)
            target[positions[i]] = kept[i];
    }

    void Invert(Block block, Span<float> values, RandomKey key, ReadOnlySpan<float> reference)
    {
        for (int i = transforms.Length - 1; i >= 0; i--)
            transforms[i].Inverse(values, block.Plan, reference, key);
    }

    void AddBlock(Block block, ReadOnlySpan<byte> payload, ExactSum sum, double weight, RandomKey key, int worker)
    {
        if (mixes)
        {
            var values = scratches[worker].Values(block.Plan.Length);
            WriteBlock(block, payload, values, worker);
            Invert(block, values, key, default);
            sum.AddBounded(block.Plan.Start, values, weight);
            return;
        }

        var symbols = SymbolsOf(block, payload, worker);
        if (block.IsSparse)
        {
            Dequantize(block, symbols, 0, block.Kept);
            sum.AddBounded(block.Plan.Start, block.Positions, block.Kept, weight);
            return;
        }

        for (int start = 0; start < block.Count; start += Chunk)
        {
            var values = scratches[worker].Values(Math.Min(Chunk, block.Count - start));
            Dequantize(block, symbols, start, values);
            sum.AddBounded(block.Plan.Start + start, values, weight);
        }
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

    // The coded values from one on, as many as there is room for.
    void Dequantize(Block block, ReadOnlySpan<byte> symbols, int first, Span<float> values)
    {
        int size = Block.BytesFor(plan.Quantizer.SymbolBits), end = first + values.Length;
        for (int start = first; start < end;)
        {
            var run = map.RunAt(block, start);
            int length = Math.Min(run.Length, end - start);
            plan.Quantizer.Dequantize(symbols.Slice(start * size, length * size), grids[run.Grid], block.IsSparse, values.Slice(start - first, length));
            foreach (var escape in CollectionsMarshal.AsSpan(block.Escapes))
            {
                if (escape.Place >= start && escape.Place < start + length)
                    values[escape.Place - first] = plan.Quantizer.ValueOf(escape.Level, grids[run.Grid]);
            }

            start += length;
        }
    }

    // All of it before the first addition: a refused payload leaves no trace in the sum.
    void CheckLimit(ReadOnlySpan<byte> payload, ExactSum sum, double weight)
    {
        double largest = 0;
        foreach (var (tensor, _) in fineTensors)
            largest = Math.Max(largest, Magnitudes.LargestOf(fineValues.AsSpan(tensor.Offset, tensor.Length)));
        if (plan.Quantizer is FullPrecision)
        {
            foreach (var block in blocks)
                largest = Math.Max(largest, Magnitudes.LargestOf(MemoryMarshal.Cast<byte, float>(SymbolsOf(block, payload, 0))));
        }
        else
        {
            foreach (var block in blocks)
                largest = Math.Max(largest, LargestOf(block, payload));
        }

        largest = Undone(largest);
        // A hair of room for the roundings between here and the sum.
        if (!(largest * weight * (1 + 1e-6) <= sum.Limit))
            throw InvalidPayloadException.Field("largest value", 0, largest, $"must be at most {sum.Limit} once weighted by {weight}");
    }

    // The largest magnitude that a value can have after the transforms are undone.
    double Undone(double largest)
    {
        largest *= growth;
        foreach (var transform in transforms)
            largest += transform.LargestAdded;
        return largest;
    }

    double LargestOf(Block block, ReadOnlySpan<byte> payload)
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
        return largest;
    }
}

using System.Numerics.Tensors;
using Plume.Compression.Codecs.Allocate;
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
/// Turns updates of one layout into payloads with one codec. Holds only scratch memory, which it keeps: once warm, with
/// one thread, encoding allocates nothing. One caller at a time; one encoder may serve many clients in turn.
/// </summary>
public sealed class PayloadEncoder
{
    readonly CodecPlan plan;
    readonly FineTensors fine;
    readonly Block[] blocks;
    readonly BlockSelector? selector;
    readonly GridFitter fitter;
    readonly BlockCoder coder;
    readonly GridMap map;
    readonly Segments segments;
    readonly Transformer[] transforms;
    readonly PayloadWriter output = new();
    readonly float[] work;
    readonly float keep;
    readonly Lazy<PayloadDecoder> decoder;
    Grid[] grids = [];
    float[] wanted = [];
    float[] decoded = [];
    bool isRepeated;
    ParallelLoop loop = new(1);
    Scratch[] scratches = [];

    /// <summary>Prepares scratch memory: what the blocks come to need, and one float a value where values are rewritten.</summary>
    public PayloadEncoder(Codec codec, ModelLayout layout)
    {
        plan = new CodecPlan(codec, layout);
        fine = new FineTensors(plan);
        blocks = [.. plan.Blocks.Select(block => new Block(block))];
        selector = codec.Selector?.CreateSelector(plan);
        fitter = plan.Quantizer.CreateFitter(plan);
        coder = codec.Coder.CreateCoder(plan);
        map = new GridMap(plan.Quantizer, [.. plan.Tensors(TensorTreatment.Coded)]);
        segments = new Segments(coder, blocks);
        transforms = [.. codec.Stages.OfType<TransformStage>().Select(stage => stage.CreateTransformer(plan))];
        work = new float[codec.Remembers || transforms.Length > 0 ? layout.Length : 0];
        keep = codec.Stages[0] is Feedback feedback ? (float)feedback.Keep : 1;
        decoder = new Lazy<PayloadDecoder>(() => new PayloadDecoder(codec, layout) { Parallelism = Parallelism });
    }

    /// <summary>Threads that work on the blocks of one payload; the bytes do not depend on it.</summary>
    public int Parallelism { get; init => loop = new ParallelLoop(field = value); } = 1;

    /// <summary>Encodes values, and leaves in <paramref name="memory"/> what the codec dropped.</summary>
    /// <param name="values">The update or model, in the order of the layout. Must be finite.</param>
    /// <param name="key">Where stages draw from; the same key gives the same bytes.</param>
    /// <param name="memory">The residual of <c>feedback</c>: the layout's length, zeros at first. Empty for other codecs.</param>
    /// <param name="reference">What <c>delta</c> subtracts, or whose zeros <c>mask</c> leaves out. Empty for other codecs.</param>
    /// <returns>The payload, valid until the next call.</returns>
    /// <exception cref="ArgumentException">A length is wrong or a value is not finite; <paramref name="memory"/> is untouched.</exception>
    public ReadOnlyMemory<byte> Encode(ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory = default, ReadOnlyMemory<float> reference = default)
    {
        CheckLengths(values.Length, memory.Length);
        plan.CheckReference(reference);
        if (scratches.Length != loop.Workers)
            scratches = Scratch.For(loop);
        bool finite = plan.Codec.Target is { } target
            ? Search(target, values, key, memory, reference)
            : EncodeOnce(values, key, memory, reference);
        if (!finite)
        {
            // A rotation spreads one bad value over its block, so the place is looked for in the update first.
            Finite.Check(values.Span, plan.Layout, nameof(values));
            Finite.Check(Rewritten(values, key, memory, reference).Span, plan.Layout, nameof(values));
        }

        if (plan.Codec.Remembers)
            KeepResidual(values.Span, memory.Span, reference, key);
        return output.Written;
    }

    bool EncodeOnce(ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory, ReadOnlyMemory<float> reference)
    {
        var source = Rewritten(values, key, memory, reference);
        output.Clear();
        PayloadHeader.Write(plan, output);
        bool finite = fine.Write(source.Span, output) && (plan.Codec.Selector is not { KeepsNotFinite: false } || Finite.All(source.Span));
        foreach (var transform in transforms)
            transform.Write(output);
        return finite && (blocks.Length == 0 || EncodeBlocks(source, key, reference));
    }

    // Encodes with one step after another; the last encoding is the one with the step that was found.
    bool Search(StepTarget target, ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory, ReadOnlyMemory<float> reference)
    {
        isRepeated = false;
        double energy = Remember(values.Span, memory.Span, reference.Span);
        if (!double.IsFinite(energy))
            return false;
        double start = Math.Sqrt(energy / Math.Max(1, values.Length));
        bool byError = target.Unit == BudgetUnit.Nmse;
        var search = new StepSearch(step =>
        {
            plan.CommonStep = step;
            EncodeOnce(values, key, memory, reference);
            isRepeated = true;
            return byError ? ErrorOf(key, reference) > target.Amount * energy : output.Length <= target.BytesFor(values.Length);
        }, wantsCoarse: byError);
        search.Run((float)start);
        return true;
    }

    // Keeps what a payload should say; returns the energy of what that is beyond the reference.
    double Remember(ReadOnlySpan<float> values, ReadOnlySpan<float> memory, ReadOnlySpan<float> reference)
    {
        if (wanted.Length == 0)
            (wanted, decoded) = (new float[values.Length], new float[values.Length]);
        values.CopyTo(wanted);
        if (plan.Codec.Remembers)
            AddResidual(memory, wanted);
        wanted.CopyTo(decoded, 0);
        if (plan.Codec.SubtractsReference)
            TensorPrimitives.Subtract(wanted, reference, decoded);
        return LaneSums.OfSquares(decoded);
    }

    double ErrorOf(RandomKey key, ReadOnlyMemory<float> reference)
    {
        decoder.Value.Decode(output.Written, decoded, key, reference);
        TensorPrimitives.Subtract(wanted, decoded, decoded);
        return LaneSums.OfSquares(decoded);
    }

    // What the stages from the first select or quantizer on work with: the values themselves, where nothing rewrites them.
    ReadOnlyMemory<float> Rewritten(ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory, ReadOnlyMemory<float> reference)
    {
        if (work.Length == 0)
            return values;
        values.Span.CopyTo(work);
        if (plan.Codec.Remembers)
            AddResidual(memory.Span, work);
        foreach (var transform in transforms)
            transform.Forward(work, new TransformContext(reference, key, plan, loop, isRepeated));
        return work;
    }

    bool EncodeBlocks(ReadOnlyMemory<float> source, RandomKey key, ReadOnlyMemory<float> reference)
    {
        if (selector is not null)
            selector.Select(source, blocks, new SelectContext(reference, key, loop, scratches));
        else
            Array.ForEach(blocks, static block => block.MakeDense());
        if (plan.SendsCounts)
            Array.ForEach(blocks, block => output.Varint(block.Count));
        if (!FitGrids(source))
            return false;
        if (plan.IsFixedWidth)
            EncodeFixedWidth(source, key);
        else
            EncodeSegments(source, key);
        return true;
    }

    bool FitGrids(ReadOnlyMemory<float> source)
    {
        int count = map.Number(blocks);
        if (grids.Length < count)
            grids = new Grid[count];
        if (!fitter.Fit(source, blocks, map, grids.AsMemory(0, count), loop))
            return false;
        for (int grid = 0; grid < count; grid++)
            plan.Quantizer.Write(grids[grid], blocks[0].IsSparse, output);
        return true;
    }

    // Quantized and packed while the block is in the cache, into its place in the payload.
    void EncodeFixedWidth(ReadOnlyMemory<float> source, RandomKey key)
    {
        int bits = plan.Quantizer.SymbolBits, length = 0;
        foreach (var block in blocks)
        {
            int bytes = BitFields.LengthOf(block.Count, bits);
            block.Bytes = length..(length + bytes);
            length += bytes;
        }

        var room = output.AppendMemory(length);
        loop.Run(blocks.Length, (this, source, key, room), static (state, index, worker) =>
        {
            var (self, source, key, room) = state;
            var block = self.blocks[index];
            var fields = room.Span[block.Bytes];
            int bits = self.plan.Quantizer.SymbolBits, bytes = Block.BytesFor(bits);
            bool direct = bits == 8 * bytes;
            var symbols = direct ? fields : self.scratches[worker].Symbols(block.Count * bytes);
            self.Quantize(block, source.Span, key, symbols);
            if (!direct)
                BitFields.Pack(symbols, bits, fields);
        });
    }

    void EncodeSegments(ReadOnlyMemory<float> source, RandomKey key)
    {
        loop.Run(blocks.Length, (this, source, key), static (state, index, _) =>
        {
            var (self, source, key) = state;
            var block = self.blocks[index];
            block.MakeSymbols(self.plan.Quantizer.SymbolBits);
            self.Quantize(block, source.Span, key, block.Symbols);
            block.Waits = self.coder.Observe(block);
            if (!block.Waits)
                self.Prepare(block, source.Span);
        });
        coder.Learn(blocks);
        loop.Run(blocks.Length, (this, source), static (state, index, _) =>
        {
            var (self, source) = state;
            if (self.blocks[index].Waits)
                self.Prepare(self.blocks[index], source.Span);
        });
        coder.WriteTables(blocks, output);
        loop.Run(segments.Count, this, static (self, index, _) =>
        {
            var segment = self.segments[index];
            var written = segment[0].Output;
            written.Clear();
            if (self.plan.Codec.Selector?.Positions == PositionCoding.Written)
                self.selector!.WritePositions(segment[0], written);
            self.coder.EncodeSegment(segment);
        });
        for (int segment = 0; segment < segments.Told; segment++)
            output.Varint(segments[segment][0].Output.Length);
        for (int segment = 0; segment < segments.Count; segment++)
            output.Bytes(segments[segment][0].Output.Written.Span);
    }

    void Quantize(Block block, ReadOnlySpan<float> source, RandomKey key, Span<byte> symbols)
    {
        int size = Block.BytesFor(plan.Quantizer.SymbolBits);
        var coded = block.Coded(source);
        for (int start = 0; start < block.Count;)
        {
            var run = map.RunAt(block, start);
            plan.Quantizer.Quantize(coded.Slice(run.Start, run.Length), grids[run.Grid], block.IsSparse, key, block.Plan.Start + run.Start,
                symbols.Slice(run.Start * size, run.Length * size));
            start += run.Length;
        }
    }

    void Prepare(Block block, ReadOnlySpan<float> source)
    {
        if (plan.Quantizer.FollowsStrength && coder.StrengthsOf(block) is { } strengths)
            plan.Quantizer.Requantize(block.Coded(source), grids[map.RunAt(block, 0).Grid], strengths, block.Symbols);
        if (plan.Quantizer.HasEscapes)
        {
            block.Escapes.Clear();
            plan.Quantizer.FindEscapes(block.Coded(source), grids[map.RunAt(block, 0).Grid], block.Symbols, block.Escapes);
        }

        coder.Prepare(block);
    }

    // The residual is taken from what the receiver will decode, not from what the encoder meant.
    void KeepResidual(ReadOnlySpan<float> values, Span<float> memory, ReadOnlyMemory<float> reference, RandomKey key)
    {
        decoder.Value.Decode(output.Written, work, key, reference);
        TensorPrimitives.Subtract(values, work, work);
        AddResidual(memory, work);
        work.CopyTo(memory);
    }

    // Product and sum are rounded apart, so that every instruction set gives the same bits.
    void AddResidual(ReadOnlySpan<float> memory, Span<float> target)
    {
        if (keep == 1)
        {
            TensorPrimitives.Add(target, memory, target);
            return;
        }

        for (int i = 0; i < memory.Length; i++)
        {
            float kept = keep * memory[i];
            target[i] += kept;
        }
    }

    void CheckLengths(int values, int memory)
    {
        int length = plan.Layout.Length;
        if (values != length)
            throw new ArgumentException($"The layout has {length} values, but {values} were given.", nameof(values));
        int remembered = plan.Codec.MemoryLength(plan.Layout);
        if (memory != remembered)
            throw new ArgumentException($"Codec '{plan.Codec}' keeps {remembered} floats of residual for this layout, but {memory} were given.", nameof(memory));
    }
}

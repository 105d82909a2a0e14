using System.Numerics.Tensors;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Container;
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
    readonly BlockCoder coder;
    readonly GridMap map;
    readonly TransformStage[] transforms;
    readonly PayloadWriter output = new();
    readonly float[] work;
    readonly float keep;
    readonly Lazy<PayloadDecoder> decoder;
    Grid[] grids = [];
    GridStatistics[] statistics = [];
    ParallelLoop loop = new(1);

    /// <summary>Prepares scratch memory: one float a value, and what the blocks come to need.</summary>
    public PayloadEncoder(Codec codec, ModelLayout layout)
    {
        plan = new CodecPlan(codec, layout);
        fine = new FineTensors(plan);
        blocks = [.. plan.Blocks.Select(block => new Block(block))];
        selector = codec.Selector?.CreateSelector();
        coder = codec.Coder.CreateCoder(plan);
        map = new GridMap(plan.Quantizer, [.. plan.Tensors(TensorTreatment.Coded)]);
        transforms = [.. codec.Stages.OfType<TransformStage>()];
        work = new float[layout.Length];
        keep = codec.Stages[0] is Feedback feedback ? (float)feedback.Keep : 1;
        decoder = new Lazy<PayloadDecoder>(() => new PayloadDecoder(codec, layout) { Parallelism = Parallelism });
    }

    /// <summary>Threads that work on the blocks of one payload; the bytes do not depend on it.</summary>
    public int Parallelism { get; init => loop = new ParallelLoop(field = value); } = 1;

    /// <summary>Encodes values, and leaves in <paramref name="memory"/> what the codec dropped.</summary>
    /// <param name="values">The update or model, in the order of the layout. Must be finite.</param>
    /// <param name="key">Where stochastic stages draw from; the same key gives the same bytes.</param>
    /// <param name="memory">The residual of <c>feedback</c>: the layout's length, zeros at first. Empty for other codecs.</param>
    /// <param name="reference">What <c>delta</c> subtracts. Empty for other codecs.</param>
    /// <returns>The payload, valid until the next call.</returns>
    /// <exception cref="ArgumentException">A length is wrong or a value is not finite; <paramref name="memory"/> is untouched.</exception>
    public ReadOnlyMemory<byte> Encode(ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory = default, ReadOnlyMemory<float> reference = default)
    {
        CheckLengths(values.Length, memory.Length, reference.Length);
        values.Span.CopyTo(work);
        if (plan.Codec.Remembers)
            AddResidual(memory.Span, work);
        foreach (var transform in transforms)
            transform.Forward(work, reference.Span);
        Finite.Check(work, plan.Layout, nameof(values));

        output.Clear();
        PayloadHeader.Write(plan, output);
        fine.Write(work, output);
        if (blocks.Length > 0)
            EncodeBlocks(key);
        if (plan.Codec.Remembers)
            KeepResidual(values.Span, memory.Span, reference, key);
        return output.Written;
    }

    void EncodeBlocks(RandomKey key)
    {
        if (selector is not null)
            selector.Select(work, blocks, loop);
        else
            Array.ForEach(blocks, static block => block.MakeDense());
        WriteCounts();
        FitGrids();
        loop.Run(blocks.Length, (this, key), static (state, index) => state.Item1.QuantizeBlock(state.Item1.blocks[index], state.key));
        coder.WriteTables(blocks, output);
        loop.Run(blocks.Length, this, static (self, index) =>
        {
            self.blocks[index].Output.Clear();
            self.coder.Encode(self.blocks[index]);
        });
        foreach (var block in blocks)
            output.Varint(block.Output.Length);
        foreach (var block in blocks)
            output.Bytes(block.Output.Written.Span);
    }

    void WriteCounts()
    {
        if (!blocks[0].IsSparse)
            return;
        foreach (var block in blocks)
            output.Varint(block.Count);
    }

    void FitGrids()
    {
        int count = map.Number(blocks);
        if (grids.Length < count)
        {
            grids = new Grid[count];
            statistics = new GridStatistics[count];
        }

        statistics.AsSpan(0, count).Fill(new GridStatistics());
        loop.Run(blocks.Length, this, static (self, index) => self.GatherBlock(self.blocks[index]));
        bool sparse = blocks[0].IsSparse;
        foreach (var block in blocks)
        {
            int run = 0;
            for (int start = 0; start < block.Count; run++)
            {
                var (_, length, grid) = map.RunAt(block, start);
                statistics[grid].Add(block.Statistics[run]);
                start += length;
            }
        }

        for (int grid = 0; grid < count; grid++)
        {
            grids[grid] = plan.Quantizer.Fit(statistics[grid], sparse);
            plan.Quantizer.Write(grids[grid], sparse, output);
        }
    }

    void GatherBlock(Block block)
    {
        block.Statistics.Clear();
        var coded = block.Coded(work);
        for (int start = 0; start < block.Count;)
        {
            var run = map.RunAt(block, start);
            var gathered = new GridStatistics();
            plan.Quantizer.Gather(ref gathered, coded.Slice(run.Start, run.Length));
            block.Statistics.Add(gathered);
            start += run.Length;
        }
    }

    void QuantizeBlock(Block block, RandomKey key)
    {
        var quantizer = plan.Quantizer;
        block.MakeSymbols(quantizer.SymbolBits);
        var coded = block.Coded(work);
        for (int start = 0; start < block.Count;)
        {
            var run = map.RunAt(block, start);
            var symbols = block.Symbols.Slice(run.Start * block.SymbolBytes, run.Length * block.SymbolBytes);
            quantizer.Quantize(coded.Slice(run.Start, run.Length), grids[run.Grid], block.IsSparse, key, block.Plan.Start + run.Start, symbols);
            start += run.Length;
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

    void CheckLengths(int values, int memory, int reference)
    {
        int length = plan.Layout.Length;
        if (values != length)
            throw new ArgumentException($"The layout has {length} values, but {values} were given.", nameof(values));
        int remembered = plan.Codec.MemoryLength(plan.Layout);
        if (memory != remembered)
            throw new ArgumentException($"Codec '{plan.Codec}' keeps {remembered} floats of residual for this layout, but {memory} were given.", nameof(memory));
        if (reference != (plan.Codec.UsesReference ? length : 0))
            throw new ArgumentException($"Codec '{plan.Codec}' needs a reference of {(plan.Codec.UsesReference ? length : 0)} values, but {reference} were given.", nameof(reference));
    }
}

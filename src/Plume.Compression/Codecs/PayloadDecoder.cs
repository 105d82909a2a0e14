using Plume.Compression.Aggregation;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Container;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Compression.Codecs;

/// <summary>
/// Reads payloads of one codec and layout, from senders it does not trust: every count is checked against the layout
/// before memory is taken, and a payload is read to its end before any of it takes effect. One caller at a time.
/// </summary>
public sealed class PayloadDecoder
{
    readonly CodecPlan plan;
    readonly FineTensors fine;
    readonly float[] fineValues;
    readonly Block[] blocks;
    readonly BlockCoder coder;
    readonly GridMap map;
    readonly TransformStage[] transforms;
    Grid[] grids = [];
    int gridCount;
    ParallelLoop loop = new(1);

    /// <summary>Prepares scratch memory, which grows with what payloads really hold.</summary>
    public PayloadDecoder(Codec codec, ModelLayout layout)
    {
        plan = new CodecPlan(codec, layout);
        fine = new FineTensors(plan);
        fineValues = new float[fine.Tensors.Any() ? layout.Length : 0];
        blocks = [.. plan.Blocks.Select(block => new Block(block))];
        coder = codec.Coder.CreateCoder(plan);
        map = new GridMap(plan.Quantizer, [.. plan.Tensors(TensorTreatment.Coded)]);
        transforms = [.. codec.Stages.OfType<TransformStage>().Reverse()];
    }

    /// <summary>Threads that work on the blocks of one payload; the values do not depend on it.</summary>
    public int Parallelism { get; init => loop = new ParallelLoop(field = value); } = 1;

    /// <summary>Writes the decoded values.</summary>
    /// <param name="payload">What an encoder of the same codec and layout returned.</param>
    /// <param name="values">Receives one float a value of the layout; untouched when the payload is refused.</param>
    /// <param name="key">The key it was encoded with.</param>
    /// <param name="reference">What <c>delta</c> subtracted. Empty for other codecs.</param>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule.</exception>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Decode(ReadOnlyMemory<byte> payload, Memory<float> values, RandomKey key, ReadOnlyMemory<float> reference = default)
    {
        if (values.Length != plan.Layout.Length)
            throw new ArgumentException($"The layout has {plan.Layout.Length} values, but room for {values.Length} was given.", nameof(values));
        if (reference.Length != (plan.Codec.UsesReference ? values.Length : 0))
            throw new ArgumentException($"Codec '{plan.Codec}' needs a reference of {(plan.Codec.UsesReference ? values.Length : 0)} values, but {reference.Length} were given.", nameof(reference));
        Read(payload);
        foreach (var tensor in fine.Tensors)
            fineValues.AsSpan(tensor.Offset, tensor.Length).CopyTo(values.Span[tensor.Offset..]);
        loop.Run(blocks.Length, (this, values), static (state, index) => state.Item1.WriteBlock(state.Item1.blocks[index], state.values.Span));
        foreach (var transform in transforms)
            transform.Inverse(values.Span, reference.Span);
    }

    /// <summary>Adds weight * decoded values to a sum, at the cost of the values that were sent.</summary>
    /// <param name="payload">What an encoder of the same codec and layout returned.</param>
    /// <param name="sum">As long as the layout; untouched when the payload is refused.</param>
    /// <param name="weight">The update's weight, at least 0.</param>
    /// <param name="key">The key it was encoded with.</param>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule, or a value is beyond the sum's limit.</exception>
    /// <exception cref="ArgumentException">The sum's length or the weight is wrong, or the codec needs a reference.</exception>
    public void AddTo(ReadOnlyMemory<byte> payload, ExactSum sum, double weight, RandomKey key)
    {
        ArgumentNullException.ThrowIfNull(sum);
        if (sum.Length != plan.Layout.Length)
            throw new ArgumentException($"The layout has {plan.Layout.Length} values, but the sum has {sum.Length}.", nameof(sum));
        if (!double.IsFinite(weight) || weight < 0)
            throw new ArgumentException($"A weight must be finite and not negative; found {weight}.", nameof(weight));
        if (plan.Codec.UsesReference)
            throw new ArgumentException($"Codec '{plan.Codec}' has no meaning in a sum of updates: they are differences already. Leave 'delta' out.", nameof(payload));
        Read(payload);
        CheckLimit(sum, weight);
        foreach (var tensor in fine.Tensors)
            sum.Add(tensor.Offset, fineValues.AsSpan(tensor.Offset, tensor.Length), weight);
        loop.Run(blocks.Length, (this, sum, weight), static (state, index) => state.Item1.AddBlock(state.Item1.blocks[index], state.sum, state.weight));
    }

    /// <summary>
    /// Bits that each tensor's values take in a payload, in the order of the layout. The rest of the payload (header,
    /// grids, tables, lengths) belongs to no one tensor.
    /// </summary>
    /// <param name="payload">What an encoder of the same codec and layout returned.</param>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule.</exception>
    public IReadOnlyList<long> MeasureTensors(ReadOnlyMemory<byte> payload)
    {
        Read(payload);
        var coded = blocks
            .GroupBy(block => block.Plan.Tensor.Name)
            .ToDictionary(group => group.Key, group => 8L * group.Sum(block => block.Input.End.Value - block.Input.Start.Value));
        int fineBits = plan.Quantizer.ForFineTensors().SymbolBits;
        return [.. plan.Treatments.Select(entry => entry.Treatment switch
        {
            TensorTreatment.Coded => coded.GetValueOrDefault(entry.Tensor.Name),
            TensorTreatment.Fine => (long)fineBits * entry.Tensor.Length,
            _ => 32L * entry.Tensor.Length,
        })];
    }

    void Read(ReadOnlyMemory<byte> payload)
    {
        var input = new PayloadReader(payload.Span);
        PayloadHeader.Read(plan, ref input);
        fine.Read(ref input, fineValues);
        if (blocks.Length > 0)
            ReadBlocks(ref input, payload);
        input.End("payload");
    }

    void ReadBlocks(ref PayloadReader input, ReadOnlyMemory<byte> payload)
    {
        foreach (var block in blocks)
        {
            if (plan.Codec.Selects)
                block.MakeSparse(input.Varint("number of kept values", 0, block.Plan.Length));
            else
                block.MakeDense();
        }

        gridCount = map.Number(blocks);
        if (grids.Length < gridCount)
            grids = new Grid[gridCount];
        for (int grid = 0; grid < gridCount; grid++)
            grids[grid] = plan.Quantizer.Read(ref input, plan.Codec.Selects);
        foreach (var block in blocks)
            block.MakeSymbols(plan.Quantizer.SymbolBits);
        coder.ReadTables(ref input, blocks);
        ReadLengths(ref input);
        loop.Run(blocks.Length, (this, payload), static (state, index) => state.Item1.ReadBlock(state.Item1.blocks[index], state.payload));
    }

    void ReadLengths(ref PayloadReader input)
    {
        foreach (var block in blocks)
            block.Input = 0..input.Varint("block length", 0, input.Left);
        foreach (var block in blocks)
        {
            int start = input.Offset;
            input.Bytes(block.Input.End.Value, "block");
            block.Input = start..input.Offset;
        }
    }

    void ReadBlock(Block block, ReadOnlyMemory<byte> payload)
    {
        coder.Decode(payload.Span[block.Input], block);
        if (plan.Quantizer is FullPrecision)
            Finite.Check(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(block.Symbols), block.Plan.Tensor.Name, block.Input.Start.Value);
    }

    void WriteBlock(Block block, Span<float> model)
    {
        var target = model.Slice(block.Plan.Start, block.Plan.Length);
        if (!block.IsSparse)
        {
            Dequantize(block, target);
            return;
        }

        Dequantize(block, block.Kept);
        target.Clear();
        for (int i = 0; i < block.Count; i++)
            target[block.Positions[i]] = block.Kept[i];
    }

    void AddBlock(Block block, ExactSum sum, double weight)
    {
        if (block.IsSparse)
        {
            Dequantize(block, block.Kept);
            sum.Add(block.Plan.Start, block.Positions, block.Kept, weight);
        }
        else
        {
            var values = block.MakeValues();
            Dequantize(block, values);
            sum.Add(block.Plan.Start, values, weight);
        }
    }

    void Dequantize(Block block, Span<float> values)
    {
        for (int start = 0; start < block.Count;)
        {
            var run = map.RunAt(block, start);
            var symbols = block.Symbols.Slice(run.Start * block.SymbolBytes, run.Length * block.SymbolBytes);
            plan.Quantizer.Dequantize(symbols, grids[run.Grid], block.IsSparse, values.Slice(run.Start, run.Length));
            start += run.Length;
        }
    }

    // All of it before the first addition: a refused payload leaves no trace in the sum.
    void CheckLimit(ExactSum sum, double weight)
    {
        double largest = 0;
        foreach (var tensor in fine.Tensors)
            largest = Math.Max(largest, LargestOf(fineValues.AsSpan(tensor.Offset, tensor.Length)));
        if (plan.Quantizer is FullPrecision)
        {
            foreach (var block in blocks)
                largest = Math.Max(largest, LargestOf(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(block.Symbols)));
        }
        else
        {
            foreach (var grid in grids.AsSpan(0, gridCount))
                largest = Math.Max(largest, plan.Quantizer.Largest(grid, plan.Codec.Selects));
        }

        // A hair of room for the roundings between here and the sum's own check.
        if (largest * weight * (1 + 1e-6) > sum.Limit)
            throw InvalidPayloadException.Field("largest value", 0, largest, $"must be at most {sum.Limit} once weighted by {weight}");
    }

    static double LargestOf(ReadOnlySpan<float> values) =>
        values.IsEmpty ? 0 : Math.Abs(System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(values));
}

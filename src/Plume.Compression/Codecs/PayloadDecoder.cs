using System.Runtime.InteropServices;
using Plume.Compression.Aggregation;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Kernels;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs;

/// <summary>
/// Reads payloads of one codec and layout, from senders it does not trust: every count is checked against the layout
/// before memory is taken, and a payload is read to its end before any of it takes effect. One caller at a time.
/// </summary>
public sealed class PayloadDecoder
{
    readonly CodecPlan plan;
    readonly FineTensors fine;
    readonly (TensorSpec Tensor, bool IsExact)[] fineTensors;
    readonly float[] fineValues;
    readonly BlockDecoder blocks;
    readonly TensorGains gains;
    readonly FineNormalizations normalizations;
    readonly TransformStage[] stages;
    readonly Transformer[] transforms;
    readonly bool mixes;
    readonly double[] squares;
    PayloadForm form;
    ParallelLoop loop = new(1);
    Scratch[] scratches = [];

    /// <summary>Prepares scratch memory, which grows with what payloads really hold.</summary>
    public PayloadDecoder(Codec codec, ModelLayout layout)
    {
        plan = new CodecPlan(codec, layout);
        fine = new FineTensors(plan);
        fineTensors = [.. fine.Tensors];
        fineValues = new float[fineTensors.Length > 0 ? layout.Length : 0];
        blocks = new BlockDecoder(plan);
        gains = new TensorGains(plan);
        normalizations = new FineNormalizations(plan);
        stages = [.. codec.Transforms];
        transforms = [.. stages.Select(stage => stage.CreateTransformer(plan))];
        mixes = Array.Exists(stages, static stage => stage.Mixes);
        squares = new double[blocks.Blocks.Length];
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
    public void Decode(ReadOnlyMemory<byte> payload, Memory<float> values, RandomKey key,
        ReadOnlyMemory<float> reference = default)
    {
        if (values.Length != plan.Layout.Length)
            throw new ArgumentException($"The layout has {plan.Layout.Length} values, but room for {values.Length} was given.",
                nameof(values));
        Read(payload, key, reference);
        if (form == PayloadForm.Floats)
        {
            FloatsOf(payload.Span).CopyTo(values.Span);
            return;
        }

        foreach (var (tensor, isExact) in fineTensors)
        {
            var target = values.Span.Slice(tensor.Offset, tensor.Length);
            fineValues.AsSpan(tensor.Offset, tensor.Length).CopyTo(target);
            for (int i = transforms.Length - 1; i >= 0 && !isExact; i--)
                transforms[i].InverseFine(target, tensor.Offset, reference.Span);
        }

        loop.Run(blocks.Blocks.Length, (this, payload, values, key, reference), static (state, index, worker) =>
        {
            var (self, payload, values, key, reference) = state;
            var plan = self.blocks.Blocks[index].Plan;
            self.WriteBlock(index, payload.Span, values.Span.Slice(plan.Start, plan.Length), key, reference.Span, worker);
        });
    }

    /// <summary>Adds weight * decoded values to a sum, at the cost of the values that were sent.</summary>
    /// <remarks>
    /// An update whose norm is far above the usual one is scaled down to the usual one. It is taken back from the sum and added
    /// anew: terms are whole numbers that round alike whichever their sign, so the sum is what it would be had only the scaled
    /// update been added.
    /// </remarks>
    /// <param name="payload">What an encoder of the same codec and layout returned.</param>
    /// <param name="sum">As long as the layout; untouched when the payload is refused.</param>
    /// <param name="weight">The update's weight, at least 0.</param>
    /// <param name="key">The key it was encoded with.</param>
    /// <param name="reference">Whose zeros <c>mask</c> left out. Empty for other codecs.</param>
    /// <param name="usualNorm">The Euclidean norm that decoded values usually have, above 0.</param>
    /// <param name="normFactor">How many times that they may have, at least 1; with a larger norm they are scaled down to the
    /// usual one.</param>
    /// <returns>The Euclidean norm of the decoded values, before they are weighted or scaled; the same bits whatever the machine
    /// and the number of threads.</returns>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule, or a value is beyond the sum's limit.</exception>
    /// <exception cref="ArgumentException">The sum's length, the weight or a norm is wrong, or the codec has
    /// <c>delta</c>.</exception>
    public double AddTo(ReadOnlyMemory<byte> payload, ExactSum sum, double weight, RandomKey key,
        ReadOnlyMemory<float> reference = default, double usualNorm = double.PositiveInfinity, double normFactor = 1)
    {
        ArgumentNullException.ThrowIfNull(sum);
        if (sum.Length != plan.Layout.Length)
            throw new ArgumentException($"The layout has {plan.Layout.Length} values, but the sum has {sum.Length}.",
                nameof(sum));
        CheckWeight(weight, usualNorm, normFactor);
        if (plan.Codec.SubtractsReference)
            throw new ArgumentException(
                $"Codec '{plan.Codec}' has no meaning in a sum of updates: they are differences already. Leave 'delta' out.",
                nameof(payload));
        Check(payload, sum, weight, key, reference);
        double norm = Math.Sqrt(AddChecked(payload, sum, weight, key));
        if (norm > normFactor * usualNorm)
        {
            AddChecked(payload, sum, -weight, key);
            AddChecked(payload, sum, weight * (usualNorm / norm), key);
        }

        return norm;
    }

    /// <summary>Refuses what no addition can have.</summary>
    /// <exception cref="ArgumentException">The weight or a norm is wrong.</exception>
    internal static void CheckWeight(double weight, double usualNorm, double normFactor)
    {
        if (!double.IsFinite(weight) || weight < 0)
            throw new ArgumentException($"A weight must be finite and not negative; found {weight}.", nameof(weight));
        if (!(usualNorm > 0 && normFactor >= 1))
            throw new ArgumentException(
                $"The usual norm must be above 0 and its factor at least 1; found {usualNorm} and {normFactor}.",
                nameof(usualNorm));
    }

    /// <summary>Reads a payload that is to be added, all of it.</summary>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule, or a value is beyond the sum's limit.</exception>
    internal void Check(ReadOnlyMemory<byte> payload, ExactSum sum, double weight, RandomKey key, ReadOnlyMemory<float> reference)
    {
        Read(payload, key, reference);
        CheckLimit(payload, sum, weight, key);
    }

    /// <summary>Adds the payload that was checked last.</summary>
    /// <returns>The sum of the squares of its values, before the weight.</returns>
    internal double AddChecked(ReadOnlyMemory<byte> payload, ExactSum sum, double weight, RandomKey key)
    {
        if (form == PayloadForm.Floats)
            return sum.AddBounded(0, FloatsOf(payload.Span), weight);
        double total = 0;
        foreach (var (tensor, _) in fineTensors)
            total += sum.AddBounded(tensor.Offset, fineValues.AsSpan(tensor.Offset, tensor.Length), weight);
        loop.Run(blocks.Blocks.Length, (this, payload, sum, weight, key), static (state, index, worker) =>
            state.Item1.squares[index] =
                state.Item1.AddBlock(index, state.payload.Span, state.sum, state.weight, state.key, worker));
        foreach (double square in squares)
            total += square;
        return total;
    }

    /// <summary>
    /// Bits that each tensor's values take in a payload, in the order of the layout. The rest of the payload (header,
    /// grids, tables, lengths) belongs to no one tensor.
    /// </summary>
    /// <param name="payload">What an encoder of the same codec and layout returned.</param>
    /// <param name="key">The key it was encoded with.</param>
    /// <param name="reference">What both ends hold. Empty for codecs that need none.</param>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule.</exception>
    public IReadOnlyList<long> MeasureTensors(ReadOnlyMemory<byte> payload, RandomKey key = default,
        ReadOnlyMemory<float> reference = default)
    {
        Read(payload, key, reference);
        if (form == PayloadForm.Floats)
            return [.. plan.Layout.Tensors.Select(static tensor => 32L * tensor.Length)];
        if (plan.JoinsTensors)
            return [.. plan.Layout.Tensors.Select(tensor => 8L * payload.Length
                * tensor.Length / Math.Max(1, plan.Layout.Length))];
        var coded = new long[plan.Blocks.Length == 0 ? 0 : plan.Blocks[^1].TensorIndex + 1];
        foreach (var block in blocks.Blocks)
            coded[block.Plan.TensorIndex] += 8L * (block.Bytes.End.Value - block.Bytes.Start.Value);
        for (int tensor = 0; tensor < coded.Length; tensor++)
            coded[tensor] += 8L * transforms.Sum(transform => transform.BytesOf(tensor));
        int fineBits = plan.Quantizer.ForFineTensors().SymbolBits, next = 0;
        return [.. plan.Treatments.Select(entry => entry.Treatment switch
        {
            TensorTreatment.Coded => entry.Tensor.Length == 0 ? 0 : coded[next++],
            TensorTreatment.Fine => (long)fineBits * entry.Tensor.Length,
            _ => fine.BitsOf(entry.Tensor, form),
        })];
    }

    void Read(ReadOnlyMemory<byte> payload, RandomKey key, ReadOnlyMemory<float> reference)
    {
        plan.CheckReference(reference);
        if (scratches.Length != loop.Workers)
            scratches = Scratch.For(loop);
        var input = new PayloadReader(payload.Span);
        form = PayloadHeader.Read(plan, ref input);
        if (form == PayloadForm.Floats)
        {
            if (plan.Codec.IsSecure)
                throw InvalidPayloadException.Field("form", 0, "floats", "must be words, of which sums are made");
            ReadFloats(ref input, reference.Span);
            return;
        }

        normalizations.AreThere = form.HasFlag(PayloadForm.FineNormalizations);
        fine.Read(ref input, form, fineValues);
        gains.Begin(form.HasFlag(PayloadForm.Gains));
        gains.Read(ref input);
        foreach (var transform in transforms)
            transform.Read(ref input);
        blocks.Read(ref input, payload, form, new SelectContext(reference, key, loop, scratches));
        input.End("payload");
    }

    void ReadFloats(ref PayloadReader input, ReadOnlySpan<float> reference)
    {
        var values = MemoryMarshal.Cast<byte, float>(input.Bytes(sizeof(float) * (long)plan.Layout.Length, "floats"));
        input.End("payload");
        foreach (var tensor in plan.Layout.Tensors)
            Finite.Check(values.Slice(tensor.Offset, tensor.Length), tensor.Name,
                PayloadHeader.LongestLength + sizeof(float) * tensor.Offset);
        if (plan.Codec.Selector is not { IsBinding: true })
            return;
        foreach (var block in plan.Blocks)
        {
            for (int i = block.Start; i < block.Start + block.Length; i++)
            {
                if (reference[i] == 0 && values[i] != 0)
                    throw InvalidPayloadException.Field(block.Tensor.Name, PayloadHeader.LongestLength + sizeof(float) * i,
                        values[i], "must be zero where the reference is");
            }
        }
    }

    static ReadOnlySpan<float> FloatsOf(ReadOnlySpan<byte> payload) =>
        MemoryMarshal.Cast<byte, float>(payload[PayloadHeader.LongestLength..]);

    void WriteBlock(int index, ReadOnlySpan<byte> payload, Span<float> values, RandomKey key, ReadOnlySpan<float> reference,
        int worker)
    {
        var block = blocks.Blocks[index];
        blocks.Write(block, payload, values, worker);
        normalizations.Undo(values, block.Plan);
        for (int i = transforms.Length - 1; i >= 0; i--)
            transforms[i].Inverse(values, block.Plan, reference, key);
        gains.Apply(values, block.Plan);
    }

    // Gives the sum of the squares of the block's values.
    double AddBlock(int index, ReadOnlySpan<byte> payload, ExactSum sum, double weight, RandomKey key, int worker)
    {
        var block = blocks.Blocks[index];
        if (!mixes && !gains.AreThere)
            return blocks.AddTo(sum, block, payload, weight, worker);
        var values = scratches[worker].Values(block.Plan.Length);
        WriteBlock(index, payload, values, key, default, worker);
        return sum.AddBounded(block.Plan.Start, values, weight);
    }

    // All of it before the first addition: a refused payload leaves no trace in the sum. A bound is soon found, and mostly low
    // enough; where it is not, the values themselves decide.
    void CheckLimit(ReadOnlyMemory<byte> payload, ExactSum sum, double weight, RandomKey key)
    {
        double largest;
        if (form == PayloadForm.Floats)
        {
            largest = Magnitudes.LargestOf(FloatsOf(payload.Span));
        }
        else
        {
            double ofFine = 0;
            foreach (var (tensor, _) in fineTensors)
                ofFine = Math.Max(ofFine, Magnitudes.LargestOf(fineValues.AsSpan(tensor.Offset, tensor.Length)));
            largest = Math.Max(ofFine, Undone(blocks.Bound(payload.Span)));
            // A hair of room for the roundings between here and the sum.
            if (largest * weight * (1 + 1e-6) <= sum.Limit)
                return;
            largest = Math.Max(ofFine, LargestOfBlocks(payload, key));
        }

        if (!(largest * weight <= sum.Limit))
            throw InvalidPayloadException.Field("largest value", 0, largest,
                $"must be at most {sum.Limit} once weighted by {weight}");
    }

    // A bound of the largest magnitude that a value can have once the transforms are undone.
    double Undone(double largest)
    {
        for (int i = transforms.Length - 1; i >= 0; i--)
            largest = (largest + transforms[i].LargestAdded) * stages[i].LargestGrowth;
        return gains.Largest * (plan.Codec.RotatesKept ? largest * Rotate.MostGrowth : largest);
    }

    double LargestOfBlocks(ReadOnlyMemory<byte> payload, RandomKey key)
    {
        var largest = new float[blocks.Blocks.Length];
        loop.Run(largest.Length, (this, payload, key, largest), static (state, index, worker) =>
        {
            var (self, payload, key, largest) = state;
            var values = self.scratches[worker].Values(self.blocks.Blocks[index].Plan.Length);
            self.WriteBlock(index, payload.Span, values, key, default, worker);
            largest[index] = Magnitudes.LargestOf(values);
        });
        return largest.DefaultIfEmpty().Max();
    }
}

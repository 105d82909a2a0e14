using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Allocate;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs;

/// <summary>
/// Turns updates of one layout into payloads with one codec. Holds only scratch memory, which it keeps: once warm, with
/// one thread, encoding allocates nothing. One caller at a time; one encoder may serve many clients in turn.
/// </summary>
public sealed class PayloadEncoder
{
    readonly CodecPlan plan;
    readonly FineTensors fine;
    readonly BlockEncoder blocks;
    readonly TensorGains gains;
    readonly FineNormalizations normalizations;
    readonly Transformer[] transforms;
    readonly PayloadWriter output = new();
    readonly float[] work;
    readonly float keep;
    readonly bool clips;
    readonly float sumStep;
    readonly Lazy<PayloadDecoder> decoder;
    float[] wanted = [];
    float[] decoded = [];
    float[] exact = [];
    bool isRepeated;
    int gainsStart;
    RandomKey own;

    /// <summary>
    /// Prepares scratch memory: what the blocks come to need, and one float a value where values are rewritten.
    /// </summary>
    public PayloadEncoder(Codec codec, ModelLayout layout)
    {
        plan = new CodecPlan(codec, layout);
        fine = new FineTensors(plan);
        blocks = new BlockEncoder(plan);
        gains = new TensorGains(plan);
        normalizations = new FineNormalizations(plan);
        transforms = [.. codec.Transforms.Select(stage => stage.CreateTransformer(plan))];
        work = new float[codec.Remembers || transforms.Length > 0 ? layout.Length : 0];
        keep = codec.Stages[0] is Feedback feedback ? (float)feedback.Keep : 1;
        clips = codec.Stages.Any(stage => stage is Clip);
        sumStep = codec.ForSums is null ? 0 : codec.SumStep;
        decoder = new Lazy<PayloadDecoder>(() => new PayloadDecoder(codec, layout) { Parallelism = Parallelism });
    }

    /// <summary>Threads that work on the blocks of one payload; the bytes do not depend on it.</summary>
    public int Parallelism { get; init => blocks.Loop = new ParallelLoop(field = value); } = 1;

    /// <summary>Whether the values encoded last, with what feedback added, had a larger norm than a clip lets pass.</summary>
    public bool HasClipped => transforms.OfType<ClipTransformer>().Any(static clip => clip.HasClipped);

    /// <summary>Encodes values, and leaves in <paramref name="memory"/> what the codec dropped.</summary>
    /// <param name="values">The update or model, in the order of the layout. Must be finite.</param>
    /// <param name="key">Where stages draw from; the same key gives the same bytes.</param>
    /// <param name="memory">The residual of <c>feedback</c>: the layout's length, zeros at first. Empty for other codecs.</param>
    /// <param name="reference">What <c>delta</c> subtracts, or whose zeros <c>mask</c> leaves out. Empty for other
    /// codecs.</param>
    /// <param name="rounding">What rounds values at random, where the key is shared with other senders: theirs must not round
    /// alike. The key itself where null.</param>
    /// <param name="step">The step of an <c>auto</c>, which takes half of it for a version of a model with running statistics; found
    /// by trying where null. No other quantizer looks at it.</param>
    /// <param name="most">Bytes that an <c>auto</c> is to keep to, by a coarser step where its own takes more; the coarsest may take
    /// more still. No other quantizer looks at it.</param>
    /// <returns>The payload, valid until the next call.</returns>
    /// <exception cref="NotFiniteException">A value is not finite, or what feedback would keep is beyond a float;
    /// <paramref name="memory"/> is untouched.</exception>
    /// <exception cref="ArgumentException">A length is wrong; <paramref name="memory"/> is untouched.</exception>
    public ReadOnlyMemory<byte> Encode(ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory = default,
        ReadOnlyMemory<float> reference = default, RandomKey? rounding = null, float? step = null,
        long? most = null)
    {
        own = rounding ?? key;
        CheckLengths(values.Length, memory.Length);
        plan.CheckReference(reference);
        bool isGiven = step is not null && plan.Codec.Quantizer is Auto;
        if (isGiven)
            plan.CommonStep = step!.Value * plan.PartOfStep;
        gains.Begin(isGiven && TensorGains.AreFor(plan.Codec));
        isRepeated = false;
        bool coded = plan.Codec.Target is { } target && !isGiven
            ? Search(target, values, key, memory, reference)
            : EncodeOnce(values, key, memory, reference);
        if (coded && output.Length > most && plan.Codec.Quantizer is Auto)
            coded = SearchWithin(most.Value, plan.CommonStep, values, key, memory, reference);
        if (!coded)
            EncodeAsTheyAre(values.Span, memory.Span);
        if (gainsStart > 0)
            FitGains(values.Span, memory.Span, key);
        if (plan.Codec.Remembers)
            KeepResidual(values.Span, memory.Span, reference, key);
        return output.Written;
    }

    // Of what is coded: running statistics and steps stand beside it as floats.
    float GridOf(ReadOnlySpan<float> values)
    {
        float grid = 0;
        foreach (var tensor in plan.Tensors(TensorTreatment.Coded))
        {
            float own = PowersOfTwo.Dividing(values.Slice(tensor.Offset, tensor.Length));
            if (own > 0 && (grid == 0 || own < grid))
                grid = own;
        }

        return grid;
    }

    // Where levels would cost more than floats, or could not hold the values, there are floats. False where a value is not
    // finite.
    bool EncodeOnce(ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory, ReadOnlyMemory<float> reference)
    {
        var source = Rewritten(values, key, memory, reference);
        if (plan.Codec.Quantizer is DeadZone { Rule: StepRule.Grid })
            plan.CommonStep = GridOf(source.Span);
        var fit = blocks.Find(source, key, reference);
        if (fit == BlockFit.NotFinite || (plan.Codec.Selector is { KeepsNotFinite: false } && !Finite.All(source.Span)))
            return false;
        if (fit == BlockFit.Fits)
        {
            if (plan.Codec.Coder is Secure { Norm: { } norm })
                blocks.Hold(norm, own);
            output.Clear();
            PayloadHeader.Write(plan, plan.LongRuns | (blocks.HasOutliers ? PayloadForm.WithOutliers : PayloadForm.Coded)
                | (gains.AreThere ? PayloadForm.Gains : PayloadForm.Coded) | plan.ByRole, output);
            if (!fine.Write(source.Span, gains.AreThere, output))
                return false;
            gainsStart = gains.AreThere ? output.Length : 0;
            gains.Reserve(output);
            foreach (var transform in transforms)
                transform.Write(output);
            blocks.Write(own, output);
            if (output.Length <= LengthOfFloats)
                return true;
        }

        return WriteFloats(Exact(source, values, key, memory, reference).Span);
    }

    // Encodes with one step after another; the last encoding is the one with the step that was found.
    bool Search(StepTarget target, ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory,
        ReadOnlyMemory<float> reference)
    {
        double energy = Remember(values.Span, memory.Span, reference.Span);
        if (!double.IsFinite(energy))
            return false;
        float start = (float)Math.Sqrt(energy / Math.Max(1, values.Length));
        if (target.Unit == BudgetUnit.Nmse)
        {
            bool finite = true;
            new StepSearch(step => (finite = Try(step, values, key, memory, reference))
                && ErrorOf(key, reference) > target.Amount * energy, wantsCoarse: true, target.Resolution).Run(start);
            return finite;
        }

        double limit = target.BytesFor(values.Length);
        // What may cost as much as floats loses nothing.
        return energy > 0 && LengthOfFloats <= limit ? EncodeFloats(values, key, memory, reference)
            : SearchWithin(limit, start, values, key, memory, reference);
    }

    // The finest step that keeps to a limit of bytes.
    bool SearchWithin(double limit, float start, ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory,
        ReadOnlyMemory<float> reference)
    {
        bool finite = true;
        int resolution = (plan.Codec.Target ?? throw new InvalidOperationException("Nothing is searched for.")).Resolution;
        var search = new StepSearch(step => (finite = Try(step, values, key, memory, reference)) && output.Length <= limit,
            wantsCoarse: false, resolution);
        search.Run(start);
        if (output.Length > limit)
        {
            // No step keeps to it. The least that any takes is the limit then, and the finest step that takes no more the best.
            limit = output.Length;
            search.Run(start);
        }

        return finite;
    }

    bool Try(float step, ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory, ReadOnlyMemory<float> reference)
    {
        plan.CommonStep = step;
        bool finite = EncodeOnce(values, key, memory, reference);
        isRepeated = true;
        return finite;
    }

    bool EncodeFloats(ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory, ReadOnlyMemory<float> reference)
    {
        var source = Rewritten(values, key, memory, reference);
        return blocks.Find(source, key, reference) != BlockFit.NotFinite
            && WriteFloats(Exact(source, values, key, memory, reference).Span);
    }

    // Finite values of which transforms or a select make some that are not: they are their own best code.
    void EncodeAsTheyAre(ReadOnlySpan<float> values, ReadOnlySpan<float> memory)
    {
        // The update first, so that the place that is named is one of it.
        Finite.Check(values, plan.Layout, nameof(values));
        if (plan.Codec.Remembers)
        {
            values.CopyTo(work);
            AddResidual(memory, work);
            Finite.Check(work, plan.Layout, nameof(values));
            values = work;
        }

        if (clips || plan.Codec.IsSecure || plan.Codec.Selector is { IsBinding: true })
            throw new NotFiniteException(
                $"The update is finite, but what '{plan.Codec}' makes of it is beyond a float. Local training diverged: lower "
                    + $"the learning rate, or leave this client out of the round.", nameof(values));
        WriteFloats(values);
    }

    bool WriteFloats(ReadOnlySpan<float> values)
    {
        output.Clear();
        gainsStart = 0;
        PayloadHeader.Write(plan, PayloadForm.Floats, output);
        output.Bytes(MemoryMarshal.AsBytes(values));
        return Finite.All(values);
    }

    long LengthOfFloats => PayloadHeader.LongestLength + sizeof(float) * (long)plan.Layout.Length;

    // What the receiver would have if levels were exact. Values that nothing drops or clips are themselves that.
    ReadOnlyMemory<float> Exact(ReadOnlyMemory<float> source, ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory,
        ReadOnlyMemory<float> reference)
    {
        if (!plan.Codec.Selects && !clips)
        {
            if (!plan.Codec.Remembers && sumStep == 0)
                return values;
            values.Span.CopyTo(work);
            if (plan.Codec.Remembers)
                AddResidual(memory.Span, work);
            for (int i = 0; sumStep > 0 && i < work.Length; i++)
                work[i] = reference.Span[i] + Outliers.RoundedTo(sumStep, work[i] - reference.Span[i]);
            return work;
        }

        if (exact.Length == 0)
            exact = new float[values.Length];
        source.CopyTo(exact);
        blocks.Restore(exact, key);
        foreach (var block in plan.Blocks)
        {
            normalizations.Undo(exact.AsSpan(block.Start, block.Length), block);
            for (int i = transforms.Length - 1; i >= 0; i--)
                transforms[i].Inverse(exact.AsSpan(block.Start, block.Length), block, reference.Span, key);
        }

        foreach (var tensor in plan.Tensors(TensorTreatment.Fine))
        {
            for (int i = transforms.Length - 1; i >= 0; i--)
                transforms[i].InverseFine(exact.AsSpan(tensor.Offset, tensor.Length), tensor.Offset, reference.Span);
        }

        return exact;
    }

    // Keeps what a payload should say; returns the energy of what that is beyond the reference.
    double Remember(ReadOnlySpan<float> values, ReadOnlySpan<float> memory, ReadOnlySpan<float> reference)
    {
        KeepWanted(values, memory);
        wanted.CopyTo(decoded, 0);
        if (plan.Codec.SubtractsReference)
            TensorPrimitives.Subtract(wanted, reference, decoded);
        return EnergyOfDecoded();
    }

    // Running statistics move by far more than weights in the first rounds, and no step is for them.
    double EnergyOfDecoded()
    {
        ClearStatistics(decoded);
        return LaneSums.OfSquares(decoded);
    }

    void ClearStatistics(Span<float> target)
    {
        foreach (var tensor in plan.ShortStatistics)
            target.Slice(tensor.Offset, tensor.Length).Clear();
    }

    void KeepWanted(ReadOnlySpan<float> values, ReadOnlySpan<float> memory)
    {
        if (wanted.Length == 0)
            (wanted, decoded) = (new float[values.Length], new float[values.Length]);
        values.CopyTo(wanted);
        if (plan.Codec.Remembers)
            AddResidual(memory, wanted);
    }

    double ErrorOf(RandomKey key, ReadOnlyMemory<float> reference)
    {
        decoder.Value.Decode(output.Written, decoded, key, reference);
        TensorPrimitives.Subtract(wanted, decoded, decoded);
        return EnergyOfDecoded();
    }

    // What the stages from the first select or quantizer on work with: the values themselves, where nothing rewrites them.
    ReadOnlyMemory<float> Rewritten(ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory,
        ReadOnlyMemory<float> reference)
    {
        if (work.Length == 0)
            return values;
        values.Span.CopyTo(work);
        if (plan.Codec.Remembers)
            AddResidual(memory.Span, work);
        foreach (var transform in transforms)
            transform.Forward(work, new TransformContext(reference, key, plan, blocks.Loop, isRepeated));
        normalizations.Apply(work);
        return work;
    }

    // What is decoded then is what the receiver will have.
    void FitGains(ReadOnlySpan<float> values, ReadOnlySpan<float> memory, RandomKey key)
    {
        KeepWanted(values, memory);
        decoder.Value.Decode(output.Written, decoded, key);
        gains.Fit(values, wanted, decoded, output.From(gainsStart));
        foreach (var block in plan.Blocks)
            gains.Apply(decoded.AsSpan(block.Start, block.Length), block);
    }

    // The residual is taken from what the receiver will decode, not from what the encoder meant.
    void KeepResidual(ReadOnlySpan<float> values, Span<float> memory, ReadOnlyMemory<float> reference, RandomKey key)
    {
        if (gainsStart > 0)
            decoded.CopyTo(work, 0);
        else
            decoder.Value.Decode(output.Written, work, key, reference);
        TensorPrimitives.Subtract(values, work, work);
        AddResidual(memory, work);
        // Of statistics the next update is taken from what is known then, so that nothing of this one is owed.
        ClearStatistics(work);
        if (!Finite.All(work))
            throw new NotFiniteException(
                $"What '{plan.Codec}' would keep of the update for later rounds is beyond a float. Local training diverged: "
                    + $"lower the learning rate, or leave this client out of the round.", nameof(values));
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
            throw new ArgumentException(
                $"Codec '{plan.Codec}' keeps {remembered} floats of residual for this layout, but {memory} were given.",
                nameof(memory));
    }
}

using System.Collections.Concurrent;
using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Codecs;

/// <summary>What every codec promises, for every codec on every layout and shape of values.</summary>
public class CodecLaws
{
    static readonly string[] Lines =
    [
        "pack", "zstd", "delta | pack", "feedback | pack",
        "uniform(1) | pack", "uniform(2, stochastic) | pack", "uniform(4, block=64) | zstd(9)", "uniform(5, channel) | pack",
        "uniform(8) | pack", "uniform(6, model) | rans", "uniform(levels=21) | rans",
        "uniform(16) | pack", "uniform(11, block=32) | rans",
        "uniform(1, stochastic) | rans", "uniform(4) | rans", "uniform(8, channel) | rans",
        "uniform(8, stochastic, block=100) | rans", "uniform(13) | rans",
        "topk(1%) | pack", "topk(1%) | uniform(1) | pack", "topk(7%, tensor) | uniform(3) | rans",
        "topk(3%) | uniform(levels=9, model) | rans", "topk(500) | uniform(12) | rans",
        "topk(100%) | uniform(2, stochastic, block=16) | rans", "topk(5%) | zstd",
        "rotate | pack", "rotate | lloyd(1) | pack", "delta | rotate | lloyd(3) | rans", "feedback | rotate | lloyd(8) | zstd",
        "rotate | randk(50%) | lloyd(2) | pack",
        "rotate | uniform(4) | rans", "rotate | topk(5%) | uniform(4) | rans", "lloyd(4) | pack",
        "ternary | pack", "feedback | ternary(threshold=1.2) | rans", "topk(2%) | ternary | pack", "sign | pack",
        "feedback | threshold(1) | sign | rans",
        "nf4 | pack", "nf4(block=32) | rans", "topk(5%) | nf4(block=9) | rans", "fp16 | pack", "topk(10%) | fp16 | rans",
        "bf16 | pack", "bf16 | rans",
        "fp8 | pack", "fp8 | rans", "fp8(e5m2) | zstd", "mask | fp8 | pack",
        "lowrank | deadzone(abs=0.03) | range", "feedback | lowrank(4) | deadzone(nmse=0.1) | range",
        "delta | lowrank(2) | budget(0.5bpp) | deadzone | rans",
        "feedback | budget(20kB) | deadzone | range", "budget(nmse=0.3) | deadzone | zstd",
        "lowrank | auto | range", "feedback | auto(2pt) | rans", "delta | auto | range", "delta | deadzone(grid, exact) | range",
        "clip(2) | pack", "feedback | clip(1) | uniform(4) | pack",
        "randk(10%) | pack", "randk(7%) | uniform(4) | rans", "feedback | randk(25%) | uniform(8, block=64) | pack",
        "threshold(0.5) | pack", "threshold(0) | uniform(6) | rans",
        "mask | pack", "mask | uniform(8, block=64) | zstd", "feedback | mask | uniform(3) | rans", "nm(2:4) | pack",
        "nm(3:7) | uniform(4) | rans", "nm(1:16) | uniform(2) | zstd",
        "deadzone(step=0.5) | range", "deadzone(abs=0.05) | range", "deadzone(abs=0.05, exact) | range",
        "deadzone(abs=0.05, trellis) | range", "feedback | lowrank(2) | deadzone(nmse=0.05, trellis) | range",
        "deadzone(step=1.5) | pack", "deadzone(step=0.3) | rans", "deadzone(abs=0.001) | rans", "deadzone(step=2) | zstd",
        "uniform(1) | range", "uniform(4) | range", "uniform(12) | range", "topk(3%) | uniform(4) | range",
        "topk(1%) | uniform(1) | range", "randk(5%) | deadzone(step=1) | range", "randk(5%) | uniform(3) | range",
        "feedback | deadzone(step=1) | range", "delta | deadzone(abs=0.1) | range",
        "uniform(8, shared=0.0625) | secure(10)", "clip(3) | randk(10%) | rotate | uniform(4, shared=0.25) | secure(100)",
        "uniform(1, shared=1) | secure(10)", "mask | uniform(4, shared=0.25) | secure(10)",
        "feedback | clip(1) | rotate | randk(30%) | uniform(2, stochastic, shared=0.5) | secure(3)",
        "clip(3) | randk(30%) | rotate | uniform(6, stochastic, shared=0.06) | secure(10, norm=50, noise=60)",
        "feedback | randk(10%) | rotate | uniform(16, shared=0.001) | secure(1000)", "randk(20%) | rotate | uniform(4) | pack",
        "feedback | randk(50%) | rotate | lloyd(2) | rans",
        "feedback | topk(5%) | uniform(4) | rans", "feedback(50%) | uniform(3) | rans", "feedback | delta | uniform(6) | zstd",
        "delta | topk(2%) | uniform(4) | rans",
    ];

    // Layouts of many values are for what fills them: updates of many blocks, and of a block and a value. What values alone can
    // do to a codec, they do to a few of each kind of tensor.
    static readonly (string Name, ModelLayout Layout, string[] Shapes)[] Layouts =
    [
        ("small", Some.Small,
            ["normal", "laplace", "zeros", "constant", "subnormal", "largest", "one spike", "ties"]),
        ("vector of 256", Some.Vector(256),
            ["normal", "laplace", "zeros", "constant", "subnormal", "largest", "one spike", "ties"]),
        ("vector of 65,537", Some.Vector(65_537), ["laplace", "one spike", "ties"]),
        ("lenet", Some.Lenet, ["normal", "laplace"]), ("mixed", Some.Mixed, ["laplace"]),
        ("empty", ModelLayout.Of([]), ["zeros"]),
    ];

    static readonly (string Name, Func<int, float[]> Of)[] Shapes =
    [
        ("normal", length => Some.Normal(length)), ("laplace", length => Some.Laplace(length)),
        ("zeros", length => new float[length]),
        ("constant", length => Filled(length, 0.25f)),
        ("subnormal", length => Array.ConvertAll(Some.Normal(length), value => value * 1e-41f)),
        ("largest", length => Array.ConvertAll(Some.Normal(length), value => value < 0 ? -3e38f : 3e38f)),
        ("one spike", length => [.. Enumerable.Range(0, length).Select(i => i == length / 2 ? -5f : 0f)]),
        ("ties", length => [.. Enumerable.Range(0, length).Select(i => (i % 3) - 1f)]),
    ];

    static readonly ConcurrentDictionary<(string Shape, int Length), float[]> Values = new();
    static readonly ConcurrentDictionary<int, float[]> References = new();

    public static TheoryData<string, string, string> Table => TableOf((_, _) => true);

    static TheoryData<string, string, string> TableOf(Func<string, string, bool> holds)
    {
        var table = new TheoryData<string, string, string>();
        foreach (string line in Lines)
        {
            // A search encodes ten times and more: small layouts have all that it can meet.
            foreach (var (layout, _, shapes) in Layouts.Where(entry => Codec.Parse(line).Target is null
                || entry.Layout.Length <= 80_202))
            {
                // Of sums of words nothing stands apart as floats: what a rotation takes beyond a float is refused.
                foreach (string shape in shapes.Where(shape => holds(layout, shape) && (shape != "largest"
                    || !Codec.Parse(line).IsSecure)))
                    table.Add(line, layout, shape);
            }
        }

        return table;
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void A_payload_decodes_to_finite_values_within_the_stated_error(string line, string layoutName, string shapeName)
    {
        var (codec, layout, values, reference) = Case(line, layoutName, shapeName);
        var decoded = Filled(layout.Length, float.NaN);
        byte[] payload = Encode(codec, layout, values, reference, new float[codec.MemoryLength(layout)]);
        new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key(), reference);
        AssertFinite(decoded);
        if (codec.IsLossless)
            AssertSame<float>(values, decoded);
        foreach (var (tensor, treatment) in new CodecPlan(codec, layout).Treatments)
            AssertErrorBound(codec, tensor, treatment, values, values.AsSpan(tensor.Offset, tensor.Length),
                decoded.AsSpan(tensor.Offset, tensor.Length));
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void Same_values_key_and_memory_give_a_used_encoder_of_three_threads_the_bytes_of_a_new_one_of_one(string line,
        string layoutName, string shapeName)
    {
        var (codec, layout, values, reference) = Case(line, layoutName, shapeName);
        float[] first = new float[codec.MemoryLength(layout)], second = [.. first];
        byte[] serial = Encode(codec, layout, values, reference, first);
        var used = new PayloadEncoder(codec, layout) { Parallelism = 3 };
        used.Encode(Some.Laplace(layout.Length, 77), Some.Key(9), new float[second.Length], reference);
        AssertSame(serial, used.Encode(values, Some.Key(), second, reference).Span);
        AssertSame<float>(first, second);

        float[] decoded = new float[layout.Length], decodedInParallel = new float[layout.Length];
        new PayloadDecoder(codec, layout).Decode(serial, decoded, Some.Key(), reference);
        new PayloadDecoder(codec, layout) { Parallelism = 3 }.Decode(serial, decodedInParallel, Some.Key(), reference);
        AssertSame<float>(decoded, decodedInParallel);
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void Feedback_loses_nothing(string line, string layoutName, string shapeName)
    {
        var (codec, layout, values, reference) = Case(line, layoutName, shapeName);
        if (!codec.Remembers || shapeName == "largest")
            return;
        float[] memory = Some.Normal(layout.Length, 5, 0.1), before = [.. memory], decoded = new float[layout.Length];
        byte[] payload = Encode(codec, layout, values, reference, memory);
        new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key(), reference);
        double keep = ((Feedback)codec.Stages[0]).Keep;
        for (int i = 0; i < values.Length; i++)
        {
            if (IsShort(codec, layout, i))
            {
                Assert.Equal(0, memory[i]);
                continue;
            }

            if (!(Math.Abs((double)values[i] + keep * before[i] - decoded[i] - memory[i]) <= 1e-6 * (1 + Math.Abs(values[i]))))
                Assert.Fail($"Value {i} lost mass.");
        }
    }

    /// <summary>Whether a value is a running statistic that travels in few bits, of which feedback keeps nothing.</summary>
    public static bool IsShort(Codec codec, ModelLayout layout, int place) => codec.IsAuto && layout.Tensors
        .Any(tensor => tensor.Role == TensorRole.Statistic && place >= tensor.Offset && place < tensor.Offset + tensor.Length);

    [Theory]
    [MemberData(nameof(Table))]
    public void Adding_to_a_sum_equals_decoding_and_adding(string line, string layoutName, string shapeName)
    {
        var (codec, layout, values, reference) = Case(line, layoutName, shapeName);
        if (codec.SubtractsReference)
            return;
        byte[] payload = Encode(codec, layout, values, reference, new float[codec.MemoryLength(layout)]);
        var sum = new ExactSum(layout.Length, contributors: 4);
        var expected = new ExactSum(layout.Length, contributors: 4);
        var decoded = new float[layout.Length];
        var decoder = new PayloadDecoder(codec, layout) { Parallelism = 2 };
        decoder.Decode(payload, decoded, Some.Key(), reference);
        if (decoded.Any(value => Math.Abs(value) > 1000))
        {
            Assert.Throws<InvalidPayloadException>(() => decoder.AddTo(payload, sum, 0.7, Some.Key(), reference));
            Assert.False(sum.Values.ContainsAnyExcept(0), "A refused payload left a trace.");
            return;
        }

        decoder.AddTo(payload, sum, 0.7, Some.Key(), reference);
        expected.Add(0, decoded, 0.7);
        AssertSame(expected.Values, sum.Values);
    }

    // Five sums a case: of two blocks as of many.
    public static TheoryData<string, string, string> Norms => TableOf((layout, shape) => layout != "mixed"
        && shape is "laplace" or "one spike");

    [Theory]
    [MemberData(nameof(Norms))]
    public void A_sum_tells_an_updates_norm_and_takes_one_far_above_the_usual_as_a_usual_one(string line, string layoutName,
        string shapeName)
    {
        var (codec, layout, values, reference) = Case(line, layoutName, shapeName);
        if (codec.SubtractsReference)
            return;
        byte[] payload = Encode(codec, layout, values, reference, new float[codec.MemoryLength(layout)]);
        ExactSum sum = new(layout.Length, contributors: 4), expected = new(layout.Length, contributors: 4);
        var decoded = new float[layout.Length];
        PayloadDecoder decoder = new(codec, layout) { Parallelism = 2 }, alone = new(codec, layout);
        decoder.Decode(payload, decoded, Some.Key(), reference);
        double exact = Math.Sqrt(decoded.Sum(value => (double)value * value));
        if (decoded.Any(value => Math.Abs(value) > 1000) || exact == 0)
            return;
        double norm = alone.AddTo(payload, expected, 0.7, Some.Key(), reference);
        Assert.Equal(exact, norm, exact * 1e-9);
        Assert.Equal(norm, decoder.AddTo(payload, sum, 0.7, Some.Key(), reference, usualNorm: norm / 2, normFactor: 2));
        AssertSame(expected.Values, sum.Values);
        double usual = norm / 3;
        alone.AddTo(payload, expected, 0.7 * (usual / norm), Some.Key(), reference);
        Assert.Equal(norm, decoder.AddTo(payload, sum, 0.7, Some.Key(), reference, usual, normFactor: 2));
        AssertSame(expected.Values, sum.Values);
    }

    public static TheoryData<string, string, string> Damages => TableOf((_, shape) => shape is "laplace" or "ties");

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_payload_cut_or_continued_or_damaged_is_refused_or_decodes_to_finite_values(string line, string layoutName,
        string shapeName)
    {
        var (codec, layout, values, reference) = Case(line, layoutName, shapeName);
        byte[] payload = Encode(codec, layout, values, reference, new float[codec.MemoryLength(layout)]);
        var decoder = new PayloadDecoder(codec, layout);
        var decoded = new float[layout.Length];
        Assert.Throws<InvalidPayloadException>(() => decoder.Decode((byte[])[.. payload, 0], decoded, Some.Key(), reference));
        var draws = new Plume.Compression.Randomness.RandomDraws(Some.Key(3));
        for (int attempt = 0; attempt < 12; attempt++)
        {
            int cut = draws.NextInt(payload.Length);
            Assert.Throws<InvalidPayloadException>(() =>
                decoder.Decode(payload.AsMemory(0, cut), decoded, Some.Key(), reference));
            byte[] damaged = [.. payload];
            damaged[draws.NextInt(Math.Min(payload.Length, 200))] ^= (byte)(1 << draws.NextInt(8));
            try
            {
                decoder.Decode(damaged, decoded, Some.Key(), reference);
            }
            catch (InvalidPayloadException)
            {
                continue;
            }

            AssertFinite(decoded);
        }
    }

    [Theory]
    [MemberData(nameof(AllLines))]
    public void What_a_codec_prints_parses_to_an_equal_codec(string line)
    {
        var codec = Codec.Parse(line);
        Assert.Equal(line, codec.ToString());
        Assert.Equal(codec, Codec.Parse(codec.ToString()));
        Assert.Equal(codec, Codec.Parse(line.Replace(" ", "", StringComparison.Ordinal)
            .Replace("|", "   |\t", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(AllLines))]
    public void An_update_that_is_not_finite_is_refused_by_place_and_leaves_the_memory(string line)
    {
        var codec = Codec.Parse(line);
        var layout = Some.Lenet;
        float[] values = Some.Normal(layout.Length), memory = Some.Normal(codec.MemoryLength(layout)), before = [.. memory];
        values[416 + 17] = float.NaN;
        var refusal = Assert.Throws<NotFiniteException>(() => Encode(codec, layout, values, ReferenceFor(codec, layout), memory));
        Assert.Contains("value 17 of tensor 'conv2.weight' is NaN", refusal.Message);
        Assert.Equal(before, memory);
    }

    [Theory]
    [MemberData(nameof(AllLines))]
    public void A_warm_encoder_and_decoder_allocate_nothing(string line)
    {
        var codec = Codec.Parse(line);
        var layout = Some.Lenet;
        float[] values = Some.Laplace(layout.Length), memory = new float[codec.MemoryLength(layout)],
            reference = ReferenceFor(codec, layout), decoded = new float[layout.Length];
        var encoder = new PayloadEncoder(codec, layout);
        var decoder = new PayloadDecoder(codec, layout);
        long allocated = long.MaxValue;
        for (int round = 0; round < 4; round++)
        {
            memory.AsSpan().Clear();
            long before = GC.GetAllocatedBytesForCurrentThread();
            decoder.Decode(encoder.Encode(values, Some.Key(), memory, reference), decoded, Some.Key(), reference);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        // Clustering of tables works per tensor, not per block or value; what it takes is bounded by the tensors.
        Assert.InRange(allocated, 0, layout.Tensors.Count * 8 * 1200 * (codec.Target is null ? 1 : 10));
    }

    [Fact]
    public void Every_stage_of_the_notation_is_in_the_table()
    {
        var tried = Lines.SelectMany(line => Codec.Parse(line).Stages).Select(stage => stage.Keyword).ToHashSet();
        Assert.Empty(Notation.Words.Except(tried));
    }

    public static TheoryData<string> AllLines => [.. Lines];

    static (Codec Codec, ModelLayout Layout, float[] Values, float[] Reference) Case(string line, string layoutName,
        string shapeName)
    {
        var codec = Codec.Parse(line);
        var layout = Layouts.Single(entry => entry.Name == layoutName).Layout;
        return (codec, layout, [
            .. Values.GetOrAdd((shapeName, layout.Length), key => Shapes.Single(entry => entry.Name == key.Shape)
                .Of(key.Length))], ReferenceFor(codec, layout));
    }

    // Every fifth value is zero, as in a pruned model.
    static float[] ReferenceFor(Codec codec, ModelLayout layout) => !codec.UsesReference ? [] :
        References.GetOrAdd(layout.Length, length => [.. Some.Normal(length, 11).Select((value, i) => i % 5 == 0 ? 0 : value)]);

    static byte[] Encode(Codec codec, ModelLayout layout, float[] values, float[] reference, float[] memory) =>
        new PayloadEncoder(codec, layout).Encode(values, Some.Key(), memory, reference).ToArray();

    static void AssertFinite(ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                Assert.Fail($"Value {i} is {values[i]}.");
        }
    }

    // Assertions that take lists compare boxed values one by one, which would take longer than the codecs.
    static void AssertSame<T>(ReadOnlySpan<T> expected, ReadOnlySpan<T> actual) where T : unmanaged, IEquatable<T>
    {
        Assert.Equal(expected.Length, actual.Length);
        int same = expected.CommonPrefixLength(actual);
        if (same < expected.Length)
            Assert.Fail($"Value {same} is {actual[same]}, not {expected[same]}.");
    }

    static float[] Filled(int length, float value)
    {
        var values = new float[length];
        Array.Fill(values, value);
        return values;
    }

    static void AssertErrorBound(Codec codec, TensorSpec tensor, TensorTreatment treatment, ReadOnlySpan<float> all,
        ReadOnlySpan<float> values, ReadOnlySpan<float> decoded)
    {
        if (codec.Stages.Any(stage => stage.Kind == StageKind.Transform) || treatment == TensorTreatment.Coded
            && (codec.Selects || codec.Quantizer is null))
            return;
        var uniform = treatment == TensorTreatment.Fine ? codec.Quantizer?.ForFineTensors() : codec.Quantizer as Uniform;
        if (treatment == TensorTreatment.Exact || uniform is null || uniform.Bits == 1)
            return;
        if (uniform.SharedStep is { } shared)
        {
            double most = uniform.Last * shared;
            for (int i = 0; i < values.Length; i++)
                AssertNear(i, Math.Clamp(values[i], -most, most), decoded[i], shared / 2 * (1 + 1e-6));
            return;
        }

        double largest = 0;
        foreach (float value in uniform.Scope == GridScope.Model ? all : values)
            largest = Math.Max(largest, Math.Abs(value));
        double step = largest / uniform.Last * (uniform.Block > 0 ? 1 + 1.0 / 128 : 1);
        double bound = (uniform.Stochastic ? step : step / 2) + largest * Math.ScaleB(1, -22) + 4 * float.Epsilon
            * (1 << uniform.Bits);
        if (uniform.Block > 0)
            bound += Math.ScaleB(1, -133); // the smallest step that 2 bytes hold
        for (int i = 0; i < values.Length; i++)
            AssertNear(i, values[i], decoded[i], bound);

        void AssertNear(int i, double value, double found, double bound)
        {
            if (!(Math.Abs(value - found) <= bound))
                Assert.Fail($"{tensor}, value {i}: {value} became {found}; the bound is {bound}.");
        }
    }
}

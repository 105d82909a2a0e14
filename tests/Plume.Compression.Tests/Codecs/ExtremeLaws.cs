using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Codecs;

/// <summary>
/// What every codec promises of values that no quantizer was made for: what an encoder writes a decoder takes, for no more than
/// floats.
/// </summary>
public class ExtremeLaws
{
    static readonly float[] Noise = Some.Normal(2000, 17);

    static readonly ModelLayout[] Layouts =
    [
        ModelLayout.Of(
        [
            ("w", [12, 40], TensorRole.Weight), ("bias", [12], TensorRole.Bias), ("mean", [12], TensorRole.Statistic),
            ("kernel", [9, 5, 3, 3], TensorRole.Weight), ("tall", [300, 1], TensorRole.Weight),
            ("none", [0, 7], TensorRole.Weight),
        ]),
        ModelLayout.Of(Enumerable.Range(0, 40).Select(i => ($"t{i}", new[] { i % 4 }, (TensorRole)(i % 3)))),
        Some.Vector(1),
    ];

    static readonly (string Name, Func<int, float> Of)[] Kinds =
    [
        ("zeros", _ => 0), ("minus zeros", _ => -0f), ("the largest", i => i % 3 == 0 ? -float.MaxValue : float.MaxValue),
        ("the smallest", i => i % 2 == 0 ? float.Epsilon : -3 * float.Epsilon), ("tiny", i => Noise[i] * 1e-30f),
        ("subnormal", i => Noise[i] * 1e-40f),
        ("3e38 beside tiny", i => (i % 3) switch { 0 => 3e38f, 1 => -1e-40f, _ => Noise[i] }),
        ("one outlier of 1e5", i => i == 77 ? 1e5f : Noise[i]),
        ("one outlier of 1e30", i => i == 77 ? -1e30f : Noise[i] * 1e-3f),
        ("one outlier of 3e38", i => i == 77 ? 3e38f : Noise[i] * 1e-6f),
        ("all scales", i => MathF.ScaleB(Noise[i], i * 37 % 250 - 125)), ("ties", _ => 0.1f),
        ("one value", i => i == 0 ? 1e-3f : 0),
    ];

    [Theory]
    [MemberData(nameof(CodecLaws.AllLines), MemberType = typeof(CodecLaws))]
    public void What_an_encoder_writes_its_decoder_takes_and_it_costs_no_more_than_floats(string line)
    {
        foreach (var layout in Layouts)
        {
            foreach (var (name, of) in Kinds)
                AssertLaws(Codec.Parse(line), layout, name, [.. Enumerable.Range(0, layout.Length).Select(of)]);
        }
    }

    static void AssertLaws(Codec codec, ModelLayout layout, string name, float[] values)
    {
        float[] reference = codec.UsesReference ? [.. Some.Normal(layout.Length, 11).Select((value, i) => i % 5 == 0 ? 0 : value)]
            : [];
        float[] memory = Some.Normal(codec.MemoryLength(layout), 5, 0.1), before = [.. memory],
            decoded = new float[layout.Length];
        ReadOnlyMemory<byte> payload;
        try
        {
            payload = new PayloadEncoder(codec, layout).Encode(values, Some.Key(), memory, reference);
        }
        catch (ArgumentException refusal)
        {
            Assert.Contains("beyond a float", refusal.Message);
            Assert.Equal(before, memory);
            Assert.True(values.Any(value => Math.Abs(value) > 1e38f),
                $"{name}: nothing is near the end of the range, yet: {refusal.Message}");
            return;
        }

        Assert.True(payload.Length <= 6 + 4 * layout.Length, $"{name}: {payload.Length} bytes for {layout.Length} values.");
        var decoder = new PayloadDecoder(codec, layout);
        decoder.Decode(payload, decoded, Some.Key(), reference);
        Assert.DoesNotContain(decoded, value => !float.IsFinite(value));
        if (codec.IsLossless && !codec.Remembers)
            Assert.Equal(values, decoded);
        double keep = codec.Stages[0] is Feedback feedback ? feedback.Keep : 1;
        for (int i = 0; i < memory.Length; i++)
        {
            double lost = Math.Abs((double)values[i] + keep * before[i] - decoded[i] - memory[i]);
            if (!(lost <= 1e-6 * (1 + Math.Abs((double)values[i]) + Math.Abs((double)decoded[i])))
                && !CodecLaws.IsShort(codec, layout, i))
                Assert.Fail($"{name}: value {i} lost mass.");
        }

        if (!codec.SubtractsReference)
            AssertSum(decoder, layout, payload, decoded, reference, name);
    }

    static void AssertSum(PayloadDecoder decoder, ModelLayout layout, ReadOnlyMemory<byte> payload, float[] decoded,
        float[] reference, string name)
    {
        var sum = new ExactSum(layout.Length, contributors: 2);
        var expected = new ExactSum(layout.Length, contributors: 2);
        if (decoded.Any(value => Math.Abs(value) > sum.Limit))
        {
            Assert.Contains("'largest value'",
                Assert.Throws<InvalidPayloadException>(() => decoder.AddTo(payload, sum, 1, Some.Key(), reference)).Message);
            Assert.False(sum.Values.ContainsAnyExcept(0), $"{name}: a refused payload left a trace.");
            return;
        }

        decoder.AddTo(payload, sum, 1, Some.Key(), reference);
        expected.Add(0, decoded, 1);
        Assert.Equal(expected.Values.ToArray(), sum.Values.ToArray());
    }

    // Bounds in parts of a value, of the largest of all, and as they are: what each quantizer's text says.
    [Theory]
    [InlineData("deadzone(abs=0.003) | range", 1e-6, 0, 0.0046)]
    [InlineData("deadzone(abs=0.003) | rans", 1e-6, 0, 0.0046)]
    [InlineData("deadzone(abs=0.003) | pack", 1e-6, 0, 0.0046)]
    [InlineData("deadzone(abs=0.003, exact) | zstd", 1e-6, 0, 0.0016)]
    [InlineData("deadzone(abs=1E-30) | range", 1e-6, 0, 2e-30)]
    [InlineData("fp16 | pack", 0.00049, 0, 3e-8)]
    [InlineData("bf16 | rans", 0.00391, 0, 1e-38)]
    [InlineData("fp8 | pack", 0.0626, 8e-6, 0)]
    [InlineData("fp8(e5m2) | rans", 0.126, 5e-10, 0)]
    [InlineData("nf4 | pack", 0, 0.16, 0)]
    [InlineData("uniform(8) | range", 0, 0.004, 0)]
    [InlineData("uniform(16, block=64) | rans", 0, 0.0002, 0)]
    [InlineData("uniform(levels=21, stochastic) | rans", 0, 0.11, 0)]
    public void An_outlier_is_within_the_stated_error_and_so_is_what_stands_beside_it(string line, double relative,
        double ofLargest, double absolute)
    {
        foreach (float outlier in new[] { 0.5f, 70_000, -1e5f, 1e30f, 3e38f, float.MaxValue })
        {
            float[] values = Some.Normal(3000, 9, 0.01), decoded = new float[3000];
            values[1234] = outlier;
            values[2999] = -outlier / 3;
            var (codec, layout) = (Codec.Parse(line), Some.Vector(3000));
            var payload = new PayloadEncoder(codec, layout).Encode(values, Some.Key());
            new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key());
            for (int i = 0; i < values.Length; i++)
            {
                double bound = relative * Math.Abs((double)values[i]) + ofLargest * Math.Abs((double)outlier) + absolute;
                if (!(Math.Abs((double)values[i] - decoded[i]) <= bound))
                    Assert.Fail($"Beside {outlier}, value {i}: {values[i]} became {decoded[i]}; the bound is {bound}.");
            }
        }
    }

    [Fact]
    public void A_few_outliers_cost_a_few_bytes()
    {
        var (codec, layout) = (Codec.Parse("deadzone(abs=0.01) | rans"), Some.Vector(20_000));
        float[] values = Some.Normal(20_000, 9, 0.01);
        int without = new PayloadEncoder(codec, layout).Encode(values, Some.Key()).Length;
        for (int i = 100; i < values.Length; i += 1000)
            values[i] = 1e9f;
        Assert.InRange(new PayloadEncoder(codec, layout).Encode(values, Some.Key()).Length - without, 20 * 5, 20 * 8);
    }

    [Theory]
    [InlineData("budget(20kB) | deadzone | range")]
    [InlineData("budget(33bpp) | deadzone | rans")]
    [InlineData("feedback | lowrank | budget(1MB) | deadzone | range")]
    [InlineData("deadzone(bpp=40) | zstd")]
    [InlineData("delta | budget(20kB) | deadzone | range")]
    public void A_budget_beyond_lossless_is_lossless(string line)
    {
        foreach (float scale in new[] { 1e-36f, 1e-3f, 1, 1e35f })
        {
            var (codec, layout) = (Codec.Parse(line), ModelLayout.Of([("w", [20, 50], TensorRole.Weight)]));
            float[] values = Some.Normal(1000, 4, scale), decoded = new float[1000], reference = new float[codec.UsesReference
                ? 1000 : 0];
            var payload = new PayloadEncoder(codec, layout)
                .Encode(values, Some.Key(), new float[codec.MemoryLength(layout)], reference);
            new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key(), reference);
            Assert.Equal(values, decoded);
        }
    }

    [Theory]
    [InlineData("deadzone(nmse=1E-14) | range", 1e-14)]
    [InlineData("deadzone(nmse=1E-10) | pack", 1e-10)]
    [InlineData("budget(nmse=1E-20) | deadzone | rans", 1e-20)]
    [InlineData("lowrank | deadzone(nmse=1E-9) | range", 1e-9)]
    public void An_error_as_small_as_one_likes_is_met(string line, double target)
    {
        foreach (float outlier in new[] { 0.1f, 1e5f, 1e30f })
        {
            var (codec, layout) = (Codec.Parse(line), ModelLayout.Of([("w", [20, 50], TensorRole.Weight)]));
            float[] values = Some.Normal(1000, 4), decoded = new float[1000];
            values[3] = outlier;
            new PayloadDecoder(codec, layout)
                .Decode(new PayloadEncoder(codec, layout).Encode(values, Some.Key()), decoded, Some.Key());
            Assert.InRange(Some.Nmse(values, decoded), 0, target);
        }
    }

    [Theory]
    [InlineData("budget(0.5bpp) | deadzone | pack")]
    [InlineData("budget(20B) | deadzone | zstd")]
    public void A_budget_that_no_step_keeps_to_still_buys_what_its_bytes_are_worth(string line)
    {
        var (codec, layout) = (Codec.Parse(line), Some.Vector(2000));
        float[] values = Some.Normal(2000, 4), decoded = new float[2000];
        var payload = new PayloadEncoder(codec, layout).Encode(values, Some.Key());
        new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key());
        Assert.InRange(Some.Nmse(values, decoded), 0, payload.Length < 1000 ? 1 : 0.001);
    }

    [Theory]
    [InlineData("rotate | uniform(8) | pack", 100)]
    [InlineData("rotate | lloyd(8) | rans", 100)]
    [InlineData("rotate | pack", 200)]
    [InlineData("deadzone(abs=1000) | rans", 5)]
    [InlineData("deadzone(abs=1000) | pack", 5)]
    [InlineData("lowrank | deadzone(abs=5000) | range", 5)]
    public void A_sum_takes_what_is_within_its_limit_whatever_levels_could_say(string line, double deviation)
    {
        var layout = ModelLayout.Of([("w", [200, 350], TensorRole.Weight)]);
        var codec = Codec.Parse(line);
        float[] decoded = new float[layout.Length];
        var payload = new PayloadEncoder(codec, layout).Encode(Some.Normal(layout.Length, 3, deviation), Some.Key());
        var decoder = new PayloadDecoder(codec, layout);
        decoder.Decode(payload, decoded, Some.Key());
        ExactSum sum = new(layout.Length, 1), expected = new(layout.Length, 1);
        decoder.AddTo(payload, sum, 1, Some.Key());
        expected.Add(0, decoded, 1);
        Assert.Equal(expected.Values.ToArray(), sum.Values.ToArray());
    }

    [Theory]
    [InlineData("nm(2:4) | uniform(12) | range")]
    [InlineData("nm(2:4) | deadzone(abs=0.0001) | range")]
    [InlineData("nm(2:4) | deadzone(abs=0.0001) | rans")]
    [InlineData("randk(50%) | deadzone(abs=0.0001) | rans")]
    [InlineData("feedback | randk(50%) | deadzone(abs=0.0001) | rans")]
    public void Kept_values_of_many_tensors_arrive_in_their_places(string line)
    {
        var layout = ModelLayout.Of(Enumerable.Range(0, 5).Select(i => ($"t{i}", new[] { 30 + i, 30 }, TensorRole.Weight)));
        var codec = Codec.Parse(line);
        float[] values = Some.Normal(layout.Length, 3), decoded = new float[layout.Length];
        new PayloadDecoder(codec, layout)
            .Decode(new PayloadEncoder(codec, layout).Encode(values, Some.Key(), new float[codec.MemoryLength(layout)]), decoded,
                Some.Key());
        double factor = codec.Selector is Plume.Compression.Codecs.Select.RandomK && !codec.Remembers ? 2 : 1;
        Assert.True(decoded.Count(value => value != 0) > layout.Length / 3);
        for (int i = 0; i < values.Length; i++)
            Assert.True(decoded[i] == 0
                || Math.Abs(decoded[i] - factor * values[i]) <= 0.002, $"Value {i}: {values[i]} became {decoded[i]}.");
    }

    [Theory]
    [InlineData("rans")]
    [InlineData("uniform(1) | rans")]
    [InlineData("topk(50%, tensor) | uniform(4) | rans")]
    [InlineData("lowrank | deadzone(abs=0.1) | range")]
    public void Ten_thousand_tensors_take_no_longer_each_than_ten(string line)
    {
        // With pairs compared by pairs, this would not end within the gate.
        var layout = ModelLayout.Of(Enumerable.Range(0, 10_000)
            .Select(i => ($"t{i}", line == "rans" ? new[] { 4 } : [2, 130], TensorRole.Weight)));
        var codec = Codec.Parse(line);
        float[] values = Some.Laplace(layout.Length), decoded = new float[layout.Length];
        var payload = new PayloadEncoder(codec, layout).Encode(values, Some.Key());
        new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key());
        if (codec.IsLossless)
            Assert.Equal(values, decoded);
        Assert.InRange(payload.Length, 1, 4 * layout.Length + 6);
        Assert.InRange(Some.Nmse(values, decoded), 0, 0.9);
    }

    [Fact]
    public void What_a_diverged_client_would_keep_is_refused_and_its_memory_is_as_it_was()
    {
        var codec = Codec.Parse("feedback | uniform(1, stochastic) | pack");
        float[] values = [.. Some.Normal(600).Select(value => value < 0 ? -2e38f : 3e38f)], memory = Some.Normal(600),
            before = [.. memory];
        var refusal = Assert.Throws<NotFiniteException>(() => new PayloadEncoder(codec, Some.Vector(600))
            .Encode(values, Some.Key(), memory));
        Assert.Contains("would keep of the update for later rounds is beyond a float", refusal.Message);
        Assert.Equal(before, memory);
    }
}

using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Codecs;

public class PayloadFuzz
{
    /// <summary>Raised by hand for a longer hunt; the gate's share takes a few seconds.</summary>
    static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("PLUME_FUZZ_COUNT"), out int count) ? count
        : 1500;

    [Theory]
    [MemberData(nameof(GoldenPayloads.Lines), MemberType = typeof(GoldenPayloads))]
    public void Damaged_payloads_are_refused_or_decode_to_finite_values_and_nothing_else_escapes(string name, string line)
    {
        var codec = Codec.Parse(line);
        var layout = ModelLayout.Of([("w", [40, 75], TensorRole.Weight)]);
        // A product beneath the noise and columns of unlike strength, so that there is something to find for stages that look for
        // such.
        float[] values = [.. Some.Laplace(layout.Length)
            .Select((value, i) => (value + 3 * MathF.Sin(i / 75) * MathF.Cos(i % 75)) * (1 << (i % 75 / 15)))];
        AssertHarmless(name, codec, layout, values);
    }

    [Theory]
    [MemberData(nameof(GoldenPayloads.NewerLines), MemberType = typeof(GoldenPayloads))]
    [InlineData("floats-of-mask", "mask | uniform(16, block=8) | pack")]
    public void So_are_those_of_values_that_no_level_holds(string name, string line)
    {
        var layout = name.StartsWith("floats", StringComparison.Ordinal) ? Some.Vector(40)
            : ModelLayout.Of([("w", [40, 75], TensorRole.Weight)]);
        AssertHarmless(name, Codec.Parse(line), layout, GoldenPayloads.WithOutliers(layout.Length));
    }

    // Long ones would take long: a short one that says it is of long runs has as many ways to be wrong.
    [Theory]
    [InlineData("deadzone(abs=0.5) | range", 4, 4)]
    [InlineData("topk(10%) | uniform(4) | range", 4, 4)]
    [InlineData("deadzone(abs=0.5) | range", 5, 8)]
    [InlineData("topk(10%) | uniform(4) | range", 5, 8)]
    public void So_are_those_of_long_runs(string line, byte version, byte form)
    {
        var codec = Codec.Parse(line);
        var layout = ModelLayout.Of([("w", [40, 75], TensorRole.Weight)]);
        byte[] plain = new PayloadEncoder(codec, layout).Encode(Some.Laplace(layout.Length), Some.Key()).ToArray();
        AssertHarmless(line, codec, layout, [], [version, .. plain.AsSpan(1, 4), form, .. plain.AsSpan(5)]);
    }

    [Fact]
    public void So_are_those_whose_levels_a_trellis_chose() => AssertHarmless("trellis", Codec.Parse("deadzone(abs=0.5, trellis) | range"),
        ModelLayout.Of([("w", [40, 75], TensorRole.Weight)]), GoldenPayloads.WithOutliers(3000));

    [Theory]
    [InlineData("lowrank | auto | range")]
    [InlineData("auto | rans")]
    public void So_are_those_with_gains(string line)
    {
        var (codec, layout) = (Codec.Parse(line), ModelLayout.Of([("w", [40, 75], TensorRole.Weight)]));
        AssertHarmless(line, codec, layout, [],
            new PayloadEncoder(codec, layout).Encode(GoldenPayloads.WithOutliers(layout.Length), Some.Key(), step: 2).ToArray());
    }

    [Theory]
    [InlineData("auto | range")]
    [InlineData("delta | auto | range")]
    [InlineData("deadzone(grid, exact) | rans")]
    public void So_are_those_with_normalizations(string line)
    {
        var layout = ModelLayout.Of([("scale", [10], TensorRole.Normalization), ("mean", [90], TensorRole.Statistic),
            ("var", [90], TensorRole.Statistic)]);
        AssertHarmless(line, Codec.Parse(line), layout, Some.Laplace(layout.Length));
    }

    static void AssertHarmless(string name, Codec codec, ModelLayout layout, float[] values)
    {
        float[] reference = codec.UsesReference ? [.. Some.Laplace(layout.Length, 2).Select((value, i) => i % 3 == 0 ? 0 : value)]
            : [];
        AssertHarmless(name, codec, layout, reference, new PayloadEncoder(codec, layout)
            .Encode(values, Some.Key(), new float[codec.MemoryLength(layout)], reference).ToArray());
    }

    static void AssertHarmless(string name, Codec codec, ModelLayout layout, float[] reference, byte[] payload)
    {
        var decoder = new PayloadDecoder(codec, layout);
        var decoded = new float[layout.Length];
        var sum = new ExactSum(layout.Length, 1);
        int refused = 0;
        foreach (byte[] damaged in Mutations.Of(payload, (ulong)name.Length, Count))
        {
            sum.Clear();
            try
            {
                decoder.Decode(damaged, decoded, Some.Key(), reference);
                Assert.DoesNotContain(decoded, value => !float.IsFinite(value));
                if (!codec.SubtractsReference)
                    decoder.AddTo(damaged, sum, 1, Some.Key(), reference);
            }
            catch (InvalidPayloadException)
            {
                refused++;
                Assert.False(sum.Values.ContainsAnyExcept(0), "A refused payload left a trace in the sum.");
            }
        }

        Assert.NotEqual(0, refused);
    }
}

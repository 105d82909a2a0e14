using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Quantize.Calibrate;
using Plume.Models.Quantize.Formats;

namespace Plume.Models.Tests;

public class WeightFormatTests
{
    static readonly WeightFormat[] All =
        [ChannelFormat.Int8, ChannelFormat.Ternary, ChannelFormat.Binary, new ChannelFormat(4), new BlockFormat(),
            new BlockFormat(8, 16), new NormalFloatFormat()];

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, All.Length)];

    [Fact]
    public void Formats_have_names_and_bytes()
    {
        Assert.Equal(["int8", "ternary", "binary", "int4", "int4(block=32)", "int8(block=16)", "nf4(block=64)"],
            All.Select(format => format.ToString()));
        // 3 x 67 values: 201.
        Assert.Equal([201 + 6, 41 + 6, 26 + 6, 101 + 6, 101 + 14, 201 + 26, 101 + 8],
            All.Select(format => format.BytesOf([3, 67], 0)));
    }

    [Theory]
    [InlineData(0, 40.5), InlineData(1, 7.2), InlineData(2, 4.4), InlineData(3, 18.9), InlineData(4, 20.3), InlineData(6, 20.3)]
    public void Normal_weights_are_as_exact_as_theory_says(int index, double decibels)
    {
        float[] values = Some.Normal(64 * 1024, "weights");
        var stored = All[index].Apply(Initializer.Of("w", [64, 1024], values), 0).Floats.ToArray();

        double error = values.Zip(stored, (a, b) => ((double)a - b) * (a - b)).Sum() / values.Sum(value => (double)value * value);
        // Few values of a run have a smaller largest one than all have.
        Assert.InRange(Gauss.Decibels(error), decibels - 0.7, decibels + 2);
    }

    [Theory, MemberData(nameof(Indices))]
    public void Zeros_constants_subnormals_and_huge_values_stay_finite_and_twice_is_nearly_once(int index)
    {
        var format = All[index];
        foreach (float[] values in new[] { new float[70], [.. Enumerable.Repeat(2.5f, 70)], [.. Enumerable.Repeat(1e-45f, 70)],
            [3e38f, -3e38f, .. new float[68]], Some.Normal(70, "w") })
        {
            var once = format.Apply(Initializer.Of("w", [7, 10], values), 0);
            Assert.All(once.Floats.ToArray(), value => Assert.True(float.IsFinite(value)));
            float[] twice = format.Apply(once, 0).Floats.ToArray();
            Assert.All(once.Floats.ToArray().Zip(twice),
                each => Assert.InRange(Math.Abs(each.First - (double)each.Second), 0, once.Floats.ToArray()
                    .Max(Math.Abs) * 0.01));
        }

        Assert.All(format.Apply(Initializer.Of("w", [7, 10], new float[70]), 0).Floats.ToArray(),
            value => Assert.Equal(0, value));
    }

    [Fact]
    public void Each_channel_has_its_own_scale_along_its_axis()
    {
        var weight = Initializer.Of("w", [2, 2], [1f, 100, -1, -100]);

        Assert.Equal([1, 100, -1, -100], ChannelFormat.Binary.Apply(weight, 1).Floats.ToArray());
        Assert.Equal([50.5f, 50.5f, -50.5f, -50.5f], ChannelFormat.Binary.Apply(weight, 0).Floats.ToArray());
    }

    [Fact]
    public void A_plan_gives_a_format_to_each_weight_and_counts_the_bytes()
    {
        var graph = Some.Model("lenet");
        var plan = new WeightFormatPlan(
            new Dictionary<string, WeightFormat>
            {
                ["fc1.weight"] = ChannelFormat.Ternary,
                ["conv2.weight"] =
                new BlockFormat()
            });

        var stored = plan.Apply(graph);

        Assert.Equal(4 * (80_202 - 512 * 128 - 12_800) + 2 * 128 + (512 * 128 + 4) / 5 + 12_800 / 2 + 400 * 2,
            plan.BytesOf(graph));
        Assert.True(graph.Weights.Equals(stored.Weights));
        Assert.Equal(graph.FindInitializer("conv1.weight")!.Floats, stored.FindInitializer("conv1.weight")!.Floats);
        Assert.InRange(stored.FindInitializer("fc1.weight")!.Floats[..512].ToArray().Distinct().Count(), 2, 3);
        Assert.Equal(["conv1.weight", "conv2.weight", "fc1.weight", "fc2.weight"],
            WeightFormatPlan.Uniform(graph, ChannelFormat.Int8).Formats.Keys);
    }

    [Fact]
    public void Bad_numbers_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChannelFormat(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BlockFormat(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BlockFormat(4, 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NormalFloatFormat(4));
        var plan = new WeightFormatPlan(new Dictionary<string, WeightFormat> { ["fc9.weight"] = ChannelFormat.Int8 });
        Assert.Contains("names 'fc9.weight', which is no layer's weight; these are conv1.weight",
            Assert.Throws<ArgumentException>(() => plan.Apply(Some.Model("lenet"))).Message, StringComparison.Ordinal);
        string message = Assert.Throws<InvalidPayloadException>(() => new BlockFormat()
            .Apply(Initializer.Of("w", [2], [1, float.NaN]), 0)).Message;
        Assert.Equal("Weight 'w' cannot be stored as int4(block=32): value 1 is NaN.", message);
    }

    [Fact]
    public void Levels_that_fit_normal_values_beat_even_ones_of_the_same_range()
    {
        var weight = Initializer.Of("w", [64, 64], Some.Normal(4096, "weights"));
        double Error(float[] stored) => weight.Floats.ToArray().Zip(stored, (a, b) => ((double)a - b) * (a - b)).Sum();
        var even = new float[4096];
        for (int run = 0; run < 64; run++)
        {
            var values = weight.Floats.Slice(run * 64, 64);
            new FakeQuantizer(4).Quantize(values,
                WeightScales.Of(Initializer.Of("r", [64], values), null, 4, WeightFit.LargestMagnitude)[0],
                even.AsSpan(run * 64));
        }

        Assert.True(Error(new NormalFloatFormat().Apply(weight, 0).Floats.ToArray()) < Error(even));
    }
}

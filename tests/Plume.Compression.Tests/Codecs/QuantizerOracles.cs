using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Compression.Tests.Codecs;

/// <summary>What quantizers other than the uniform one lose, against closed forms and figures of another hand.</summary>
public class QuantizerOracles
{
    const int Length = 1 << 20;

    static readonly Dictionary<string, float[]> Values = new()
    {
        ["normal"] = Some.Normal(Length, 41),
        ["laplace"] = Some.Laplace(Length, 42),
        ["signed log-normal"] = [.. Some.Normal(Length, 43)
            .Select((value, i) => MathF.Exp(value) * (i * 40503 % 97 < 48 ? 1 : -1))],
    };

    [Theory]
    [InlineData(1, 0.570796, "normal")]
    [InlineData(1, 0.570796, "laplace")]
    [InlineData(1, 0.570796, "signed log-normal")]
    [InlineData(2, 0.133121, "laplace")]
    [InlineData(3, 0.035784, "signed log-normal")]
    [InlineData(4, 0.009592, "normal")]
    [InlineData(4, 0.009592, "signed log-normal")]
    [InlineData(5, 0.002511, "laplace")]
    [InlineData(6, 0.00064465, "laplace")]
    [InlineData(7, 0.00016351, "laplace")]
    [InlineData(8, 0.000041187, "laplace")]
    public void Rotated_values_of_any_distribution_lose_what_normal_ones_do(int bits, double nmse, string distribution)
    {
        // Four standard deviations of the figure, from a million values: the more bits, the more the few outermost values weigh.
        double tolerance = bits switch { 1 => 0.006, <= 4 => 0.01, _ => 0.02 };
        Assert.Equal(nmse, Nmse($"rotate | lloyd({bits}) | pack", Values[distribution]), nmse * tolerance);
    }

    [Theory]
    [InlineData(257)]
    [InlineData(801)]
    [InlineData(12_800)]
    [InlineData(33_000)]
    [InlineData(49_152)]
    [InlineData(65_535)]
    [InlineData(100_000)]
    public void Lengths_of_no_power_of_two_lose_no_more(int length)
    {
        // Means over as many values as the other figures come from.
        double mean = Enumerable.Range(0, Length / length)
            .Average(i => Nmse("rotate | lloyd(1) | pack", Values["signed log-normal"][(i * length)..((i + 1) * length)],
                (ulong)i));
        Assert.Equal(0.5708, mean, 0.5708 * 0.015);
    }

    [Theory]
    [InlineData("rotate | lloyd(1) | pack", 0.5708)]
    [InlineData("rotate | lloyd(2) | rans", 0.1331)]
    [InlineData("rotate | randk(50%) | lloyd(1) | pack", 2.1416)]
    public void A_rotated_update_is_right_in_the_mean(string line, double nmse)
    {
        const int repeats = 600;
        var codec = Codec.Parse(line);
        Assert.True(codec.IsUnbiased);
        float[] values = Some.Laplace(1000, 8);
        var layout = ModelLayout.Of([("w", [10, 100], TensorRole.Weight)]);
        var encoder = new PayloadEncoder(codec, layout);
        var decoder = new PayloadDecoder(codec, layout);
        var sum = new double[values.Length];
        var decoded = new float[values.Length];
        for (int repeat = 0; repeat < repeats; repeat++)
        {
            var key = RandomKey.FromSeed((ulong)repeat);
            decoder.Decode(encoder.Encode(values, key), decoded, key);
            for (int i = 0; i < values.Length; i++)
                sum[i] += decoded[i];
        }

        // The error of the mean of n is an n-th of one's, where there is no bias.
        Assert.Equal(nmse / repeats, Some.Nmse(values, [.. sum.Select(value => (float)(value / repeats))]),
            0.12 * nmse / repeats);
    }

    [Theory]
    [InlineData("lloyd(1) | pack")]
    [InlineData("rotate | ternary | pack")]
    [InlineData("rotate | topk(10%) | lloyd(1) | pack")]
    [InlineData("nf4 | pack")]
    [InlineData("sign | pack")]
    public void A_codec_that_is_biased_says_so(string line) => Assert.False(Codec.Parse(line).IsUnbiased);

    [Theory]
    [InlineData("sign", "normal", 0.363380)]
    [InlineData("sign", "laplace", 0.5)]
    [InlineData("sign", "signed log-normal", 0.6321)]
    [InlineData("ternary", "normal", 0.19178)]
    [InlineData("ternary", "laplace", 0.28238)]
    [InlineData("ternary(threshold=0)", "laplace", 0.5)]
    public void Signs_and_ternary_values_lose_their_closed_forms(string quantizer, string distribution, double nmse) =>
        Assert.Equal(nmse, Nmse($"{quantizer} | pack", Values[distribution]), 0.004);

    [Fact]
    public void Ternary_values_after_a_select_are_those_of_sparse_ternary_compression()
    {
        float[] values = Values["laplace"];
        Assert.Equal(0.8429, Nmse("topk(1%) | ternary | pack", values), 3e-3);
        Assert.Equal(Bytes("topk(1%) | uniform(1) | pack", values), Bytes("topk(1%) | ternary | pack", values));
    }

    [Theory]
    [InlineData("fp16", 11, 25, 0)]
    [InlineData("bf16", 8, 134, 0)]
    [InlineData("fp8", 4, 0, 17)]
    [InlineData("fp8(e5m2)", 3, 0, 31)]
    public void A_float_is_as_near_as_its_format_allows(string quantizer, int relative, int absolute, int ofLargest)
    {
        foreach (double size in new[] { 1, 1e-5, 300, 1e-33 })
        {
            float[] values = [.. Values["signed log-normal"][..30_000].Select(value => (float)(value * size))];
            float largest = values.Max(Math.Abs);
            float[] decoded = Decode($"{quantizer} | pack", values, 1).Decoded;
            double floor = (absolute > 0 ? Math.ScaleB(1, -absolute) : 0)
                + (ofLargest > 0 ? Math.ScaleB(largest, -ofLargest) : 0);
            for (int i = 0; i < values.Length; i++)
            {
                if (!(Math.Abs(values[i] - decoded[i]) <= Math.Max(Math.Abs(values[i]) * Math.ScaleB(1, -relative), floor)))
                    Assert.Fail($"{values[i]} became {decoded[i]}.");
            }
        }
    }

    [Fact]
    public void Normal_floats_stay_within_half_their_widest_gap()
    {
        float[] values = Values["laplace"][..10_000];
        float[] decoded = Decode("nf4 | pack", values, 1).Decoded;
        for (int start = 0; start < values.Length; start += 64)
        {
            int end = Math.Min(start + 64, values.Length);
            float largest = values[start..end].Max(Math.Abs);
            for (int i = start; i < end; i++)
                Assert.True(Math.Abs(values[i] - decoded[i]) <= 0.154 * largest);
        }
    }

    static double Nmse(string line, float[] values, ulong seed = 1) => Some.Nmse(values, Decode(line, values, seed).Decoded);

    static int Bytes(string line, float[] values) => Decode(line, values, 1).Bytes;

    static (float[] Decoded, int Bytes) Decode(string line, float[] values, ulong seed)
    {
        var codec = Codec.Parse(line);
        var layout = Some.Vector(values.Length);
        var payload = new PayloadEncoder(codec, layout).Encode(values, Some.Key(seed));
        var decoded = new float[values.Length];
        new PayloadDecoder(codec, layout).Decode(payload, decoded, Some.Key(seed));
        return (decoded, payload.Length);
    }
}

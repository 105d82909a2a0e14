using Plume.Cli.Bench;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Cli.Tests.Bench;

public class CodecBenchTests
{
    static readonly RandomKey Key = RandomKey.FromSeed(5);
    static readonly BenchInput Values = BenchInput.Load("laplace(20k)", RandomKey.FromSeed(1));

    [Theory]
    [InlineData("pack")]
    [InlineData("uniform(4, stochastic) | rans")]
    [InlineData("feedback | topk(5%) | uniform(4) | rans")]
    public void Bytes_and_error_are_those_of_a_payload(string line)
    {
        var codec = Codec.Parse(line);
        var layout = Values.Weights.Layout;
        var payload = new PayloadEncoder(codec, layout).Encode(Values.Weights.Values, Key, new float[codec.MemoryLength(layout)]);
        float[] decoded = new float[layout.Length];
        new PayloadDecoder(codec, layout).Decode(payload, decoded, Key);

        foreach (int threads in new[] { 1, 3 })
        {
            var figures = Measure(Values, codec, threads);
            Assert.Equal(("laplace(20k)", codec.Text, 20_000L, (long)payload.Length),
                (figures.File, figures.Codec, figures.Values, figures.Bytes));
            Assert.Equal(payload.Length * 8 / 20_000.0, figures.BitsPerParameter);
            Assert.Equal(Distortion.Nmse(Values.Weights.Values, decoded), figures.Nmse);
            Assert.All([figures.EncodeGBs, figures.DecodeGBs, figures.AddGBs!.Value], speed => Assert.InRange(speed, 1e-6, 1e4));
        }
    }

    [Fact]
    public void A_codec_with_delta_has_no_speed_of_adding() =>
        Assert.Null(Measure(Values, Codec.Parse("delta | uniform(8) | pack")).AddGBs);

    [Fact]
    public void Values_beyond_the_default_limit_of_a_sum_are_added_under_a_higher_one_as_far_as_there_is_one()
    {
        Assert.NotNull(Measure(Scaled(1e6f), Codec.Parse("pack")).AddGBs);
        Assert.Null(Measure(Scaled(1e36f), Codec.Parse("pack")).AddGBs);
    }

    [Fact]
    public void The_error_of_zeros_is_zero() => Assert.Equal(0, Measure(Scaled(0), Codec.Parse("uniform(4) | rans")).Nmse);

    static BenchInput Scaled(float factor) =>
        new("scaled", new ModelWeights(Values.Weights.Layout, Array.ConvertAll(Values.Weights.Values, value => value * factor)));

    static CodecFigures Measure(BenchInput input, Codec codec, int threads = 1) =>
        new CodecBench(Key, threads, TimeSpan.FromMilliseconds(1)).Measure(input, codec);
}

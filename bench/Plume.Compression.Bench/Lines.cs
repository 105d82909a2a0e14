using BenchmarkDotNet.Attributes;
using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Compression.Bench;

/// <summary>Whole lines on one core: values to bytes, bytes to values, bytes into an exact sum.</summary>
public class Lines
{
    public const int Length = 10_000_000;

    static readonly RandomKey Key = RandomKey.FromSeed(1);
    static readonly ModelLayout Layout = ModelLayout.Of([("w", [Length], TensorRole.Weight)]);
    static readonly float[] Values = Normal();

    readonly float[] decoded = new float[Length];
    readonly ExactSum sum = new(Length, contributors: 1 << 20, limit: 64);
    PayloadEncoder encoder = null!;
    PayloadDecoder decoder = null!;
    byte[] payload = [];

    [Params(
        "pack",
        "uniform(8) | pack",
        "uniform(4) | pack",
        "uniform(4) | rans",
        "topk(1%) | uniform(4) | rans",
        "randk(1%) | uniform(8) | pack",
        "rotate | lloyd(1) | pack",
        "deadzone(step=1) | rans",
        "deadzone(step=2) | range",
        "rans")]
    public string Line { get; set; } = "";

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var codec = Codec.Parse(Line);
        encoder = new PayloadEncoder(codec, Layout) { Parallelism = Threads };
        decoder = new PayloadDecoder(codec, Layout) { Parallelism = Threads };
        payload = encoder.Encode(Values, Key).ToArray();
    }

    [Benchmark]
    public int Encode() => encoder.Encode(Values, Key).Length;

    [Benchmark]
    public void Decode() => decoder.Decode(payload, decoded, Key);

    [Benchmark]
    public void Add() => decoder.AddTo(payload, sum, 1e-6, Key);

    static float[] Normal()
    {
        var draws = new RandomDraws(Key);
        var values = new float[Length];
        foreach (ref float value in values.AsSpan())
            value = (float)draws.NextNormal();
        return values;
    }
}

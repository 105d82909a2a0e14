using BenchmarkDotNet.Attributes;
using Plume.Compression.Aggregation;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Kernels;
using Plume.Compression.Randomness;

namespace Plume.Compression.Bench;

/// <summary>Inner loops on one block, which stays in the second-level cache.</summary>
public class Kernels
{
    public const int Length = 1 << 16;

    static readonly UniformLevels Levels = new(new Grid(0, 0.04f), 127, LevelKind.Signed);
    static readonly RandomKey Key = RandomKey.FromSeed(1);

    readonly float[] values = new float[Length];
    readonly float[] decoded = new float[Length];
    readonly byte[] symbols = new byte[Length];
    readonly byte[] narrow = new byte[Length];
    readonly byte[] fields = new byte[Length];
    readonly ushort[] positions = new ushort[Length];
    readonly float[] kept = new float[Length];
    readonly ExactSum sum = new(Length, contributors: 1 << 20, limit: 64);

    [GlobalSetup]
    public void Setup()
    {
        var draws = new RandomDraws(Key);
        for (int i = 0; i < Length; i++)
        {
            values[i] = (float)draws.NextNormal();
            narrow[i] = (byte)draws.NextInt(16);
        }

        UniformKernel.Quantize(values, Levels, stochastic: false, Key, 0, symbols.AsSpan());
        BitFields.Pack(narrow, 4, fields);
    }

    [Benchmark]
    public uint Extremes() => Magnitudes.Extremes(values).Largest;

    [Benchmark]
    public double SumOfSquares() => LaneSums.OfSquares(values);

    [Benchmark]
    public void QuantizeTo8Bits() => UniformKernel.Quantize(values, Levels, stochastic: false, Key, 0, symbols.AsSpan());

    [Benchmark]
    public void QuantizeTo8BitsAtRandom() => UniformKernel.Quantize(values, Levels, stochastic: true, Key, 0, symbols.AsSpan());

    [Benchmark]
    public void DequantizeFrom8Bits() => UniformKernel.Dequantize<byte>(symbols, Levels, decoded);

    [Benchmark]
    public void Pack4Bits() => BitFields.Pack(narrow, 4, fields);

    [Benchmark]
    public void Unpack4Bits() => BitFields.Unpack(fields.AsSpan(0, Length / 2), 4, narrow);

    [Benchmark]
    public int FilterTheLargest1Percent() => MagnitudeFilter.AtLeast(values, Magnitudes.BitsOf(2.5758f), positions, kept);

    [Benchmark]
    public void AddExactly() => sum.AddBounded(0, values, 1e-6);
}

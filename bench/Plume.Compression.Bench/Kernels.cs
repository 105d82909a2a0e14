using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Plume.Compression.Aggregation;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Kernels.Rotation;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

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
    readonly byte[] planes = new byte[4 * Length];
    readonly int[] counts = new int[256];
    readonly int[] scaled = new int[Length];
    readonly int[] levels = new int[Length];
    readonly LevelModel model = new();
    readonly PayloadWriter code = new();
    readonly Subspace subspace = new();
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
        // A step of twice the deviation leaves about one value in twenty.
        DeadZoneKernel.ToFixedPoint(values, 2, whole: false, scaled);
        CodeLevels();
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
    public void Rotate() => RandomRotation.Rotate(kept, Key);

    [Benchmark]
    public void RoundWithDeadZone() => DeadZoneKernel.ToBytes(values, 1, 0.36f, 127, symbols);

    [Benchmark]
    public void CountSymbols() => Histogram.Count(narrow, counts);

    [Benchmark]
    public void SplitIntoBytePlanes() => BytePlanes.Split(MemoryMarshal.Cast<float, uint>(values), planes);

    [Benchmark]
    public int ChooseAndCodeLevels() => CodeLevels();

    [Benchmark]
    public void DecodeLevels()
    {
        var coder = new RangeDecoder(code.Written.Span);
        model.Clear();
        model.Begin(512, 0, Lags.Shortest, 0);
        model.Code(ref coder, levels, chooses: false);
    }

    [Benchmark]
    public void FindEightProducts() => subspace.Find(values, rowCount: 128, wanted: 8);

    [Benchmark]
    public void AddExactly() => sum.AddBounded(0, values, 1e-6);

    int CodeLevels()
    {
        code.Clear();
        scaled.CopyTo(levels, 0);
        var coder = new RangeEncoder(code);
        model.Clear();
        model.Begin(512, 0, Lags.Shortest, 0);
        model.Code(ref coder, levels, chooses: true);
        coder.Finish();
        return code.Length;
    }
}

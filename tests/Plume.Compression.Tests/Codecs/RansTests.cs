using Plume.Compression.Codecs;
using Plume.Compression.Weights;

namespace Plume.Compression.Tests.Codecs;

/// <summary>What rANS promises of its bytes, headers of the payload included.</summary>
public class RansTests
{
    // Where few values are left to code, some 20 bytes of header, step and tables show: 1 % is met from payloads of about 2 KB
    // on.
    [Theory]
    [InlineData(65_536, 0.5, 1.01)]
    [InlineData(65_536, 0.7, 1.01)]
    [InlineData(65_536, 0.9, 1.01)]
    [InlineData(65_536, 0.95, 1.01)]
    [InlineData(65_536, 0.98, 1.016)]
    [InlineData(65_536, 0.99, 1.03)]
    [InlineData(65_536, 0.995, 1.05)]
    [InlineData(1 << 18, 0.98, 1.008)]
    [InlineData(1 << 18, 0.995, 1.016)]
    [InlineData(1 << 20, 0.5, 1.005)]
    [InlineData(1 << 20, 0.9, 1.005)]
    [InlineData(1 << 20, 0.99, 1.008)]
    [InlineData(1 << 20, 0.995, 1.01)]
    public void Levels_with_a_dead_zone_cost_little_more_than_their_entropy(int length, double zeros, double bound)
    {
        foreach (float[] values in new[] { Some.Normal(length, 5), Some.Laplace(length, 5) })
        {
            float dead = values.Select(Math.Abs).Order().ElementAt((int)(zeros * length));
            int[] levels = Array.ConvertAll(values, value => Math.Abs(value) < dead ? 0
                : Math.Sign(value) * Math.Max(1, (int)Math.Round(Math.Abs(value) / dead * 0.65)));
            int last = levels.Max(Math.Abs);
            double entropy = levels.CountBy(level => level)
                .Sum(level => -level.Value * Math.Log2((double)level.Value / length)) / 8;
            int bytes = Encode($"uniform(levels={2 * last + 1}) | rans", Some.Vector(length),
                Array.ConvertAll(levels, level => (float)level)).Length;
            Assert.InRange(bytes, entropy, entropy * bound);
        }
    }

    [Fact]
    public void Channels_of_unlike_strength_cost_less_than_one_table_for_all_could_make_them()
    {
        var layout = ModelLayout.Of([("w", [64, 512], TensorRole.Weight)]);
        float[] values = Some.Laplace(layout.Length, 4);
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)Math.Round(values[i] * Math.ScaleB(1, i / 512 % 8 - 4));
        double entropy = values.CountBy(value => value)
            .Sum(level => -level.Value * Math.Log2((double)level.Value / values.Length)) / 8;
        double entropyByChannel = Enumerable.Range(0, 8)
            .Sum(strength => EntropyOf([.. values.Where((_, i) => i / 512 % 8 == strength)]));
        int last = (int)values.Max(Math.Abs);
        int bytes = Encode($"uniform(levels={2 * last + 1}) | rans", layout, values).Length;
        Assert.True(entropyByChannel < 0.9 * entropy);
        Assert.InRange(bytes, entropyByChannel, entropyByChannel * 1.02);
    }

    // Blocks begin and end within rows; rows of several short channels; columns that never differ from zero.
    [Theory]
    [InlineData(300, 600)]
    [InlineData(90, 1500)]
    [InlineData(2000, 25)]
    public void Columns_of_unlike_strength_cost_less_than_one_table_for_all_could_make_them(int rows, int columns)
    {
        var layout = ModelLayout.Of([("w", [rows, columns], TensorRole.Weight)]);
        float[] values = Some.Laplace(layout.Length, 4), decoded = new float[layout.Length],
            decodedInParallel = new float[layout.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = StrengthOf(i) == 0 ? 0 : (float)Math.Round(values[i] * Math.ScaleB(1, StrengthOf(i) - 4));
        double entropy = EntropyOf(values);
        double entropyByColumn = Enumerable.Range(0, 8)
            .Sum(strength => EntropyOf([.. values.Where((_, i) => StrengthOf(i) == strength)]));
        string line = $"uniform(levels={2 * (int)values.Max(Math.Abs) + 1}) | rans";
        byte[] payload = Encode(line, layout, values);
        Assert.True(entropyByColumn < 0.9 * entropy);
        Assert.InRange(payload.Length, entropyByColumn, entropyByColumn * 1.025);

        new PayloadDecoder(Codec.Parse(line), layout).Decode(payload, decoded, Some.Key());
        Assert.InRange(Some.Nmse(values, decoded), 0, 1e-12);
        Assert.Equal(payload, new PayloadEncoder(Codec.Parse(line), layout) { Parallelism = 3 }.Encode(values, Some.Key())
            .ToArray());
        new PayloadDecoder(Codec.Parse(line), layout) { Parallelism = 3 }.Decode(payload, decodedInParallel, Some.Key());
        Assert.Equal(decoded, decodedInParallel);

        int StrengthOf(int i) => i % columns * 8 / columns;
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.02)]
    [InlineData(3e-7)]
    public void Normal_floats_shrink_to_the_entropy_of_their_exponents_and_the_rest(double scale)
    {
        float[] values = Some.Normal(1 << 18, 41, scale);
        byte[] payload = Encode("rans", Some.Vector(values.Length), values);
        Assert.InRange(payload.Length, 4 * values.Length * 0.825, 4 * values.Length * (0.829 + 0.005));

        float[] rounded = Array.ConvertAll(values, ToBFloat16);
        Assert.InRange(Encode("rans", Some.Vector(values.Length), rounded).Length, 2 * values.Length * 0.65,
            2 * values.Length * 0.665);
        float[] halves = Array.ConvertAll(values, value => (float)(Half)value);
        Assert.InRange(Encode("rans", Some.Vector(values.Length), halves).Length, 0, 2 * values.Length * 0.86);
    }

    [Theory]
    [InlineData("rans")]
    [InlineData("topk(3%) | rans")]
    [InlineData("randk(10%) | rans")]
    public void Floats_come_back_bit_for_bit(string line)
    {
        var layout = Some.Lenet;
        float[] values = Some.Laplace(layout.Length, 12), decoded = new float[layout.Length];
        values[500] = -0f;
        values[501] = float.Epsilon;
        values[502] = -float.MaxValue;
        byte[] payload = Encode(line, layout, values);
        new PayloadDecoder(Codec.Parse(line), layout).Decode(payload, decoded, Some.Key());
        for (int i = 0; i < values.Length; i++)
            Assert.True(BitConverter.SingleToUInt32Bits(decoded[i]) == BitConverter.SingleToUInt32Bits(values[i])
                || (line != "rans" && decoded[i] == 0) || line.StartsWith("randk", StringComparison.Ordinal));
        Assert.True(payload.Length < Encode(line.Replace("rans", "pack", StringComparison.Ordinal), layout, values).Length);
    }

    [Fact]
    public void Equal_floats_cost_nothing() =>
        Assert.InRange(Encode("rans", Some.Vector(1 << 20), [.. Enumerable.Repeat(0.3f, 1 << 20)]).Length, 0, 100);

    static byte[] Encode(string line, ModelLayout layout, float[] values) =>
        new PayloadEncoder(Codec.Parse(line), layout).Encode(values, Some.Key()).ToArray();

    static double EntropyOf(float[] values) =>
        values.CountBy(value => value).Sum(level => -level.Value * Math.Log2((double)level.Value / values.Length)) / 8;

    static float ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}

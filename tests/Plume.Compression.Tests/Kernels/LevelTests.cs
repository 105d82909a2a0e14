using Plume.Compression.Kernels.Levels;

namespace Plume.Compression.Tests.Kernels;

public class LevelTests
{
    const int Steps = 200_000;
    const double Reach = 10;

    [Theory]
    [InlineData(1, 0.363380)]
    [InlineData(2, 0.117482)]
    [InlineData(3, 0.034548)]
    [InlineData(4, 0.009501)]
    [InlineData(5, 0.0025047)]
    [InlineData(6, 0.00064424)]
    [InlineData(7, 0.00016348)]
    [InlineData(8, 0.000041185)]
    public void A_level_is_the_mean_of_the_normal_values_that_fall_to_it(int bits, double distortion)
    {
        var levels = LloydMax.Levels(bits);
        Assert.Equal(1 << bits, levels.Count);
        double[] weight = new double[levels.Count], sum = new double[levels.Count];
        double error = 0;
        int symbol = 0;
        for (int i = 0; i < Steps; i++)
        {
            double x = ((i + 0.5) / Steps - 0.5) * 2 * Reach;
            double density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI) * 2 * Reach / Steps;
            while (symbol + 1 < levels.Count && x > ((double)levels[symbol] + levels[symbol + 1]) / 2)
                symbol++;
            weight[symbol] += density;
            sum[symbol] += density * x;
            error += density * Math.Pow(x - levels[symbol], 2);
        }

        for (int i = 0; i < levels.Count; i++)
            Assert.Equal(sum[i] / weight[i], levels[i], 1e-4);
        Assert.Equal(distortion, error, distortion * 2e-5);
    }

    [Fact]
    public void Normal_floats_are_quantiles_of_the_normal_distribution()
    {
        var levels = NormalLevels.Table;
        double last = Quantile(929.0 / 960);
        for (int symbol = 0; symbol < 16; symbol++)
        {
            double share = symbol < 7 ? 1 - 929.0 / 960 + symbol / 7.0 * (929.0 / 960 - 0.5)
                : 0.5 + (symbol - 7) / 8.0 * (929.0 / 960 - 0.5);
            Assert.Equal(Quantile(share) / last, levels[symbol], 4e-7);
        }
    }

    public static TheoryData<int, float> TablesAndScales
    {
        get
        {
            var data = new TheoryData<int, float>();
            for (int bits = 0; bits <= 8; bits++)
            {
                foreach (float scale in new[] { 0, 1e-41f, 1e-33f, 0.0123f, 1, 77, 1e33f, 3e38f })
                    data.Add(bits, scale);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(TablesAndScales))]
    public void A_symbol_counts_the_thresholds_below_the_value(int bits, float scale)
    {
        var levels = bits == 0 ? NormalLevels.Table : LloydMax.Levels(bits);
        float[] thresholds = new float[levels.Count - 1];
        for (int i = 0; i < thresholds.Length; i++)
            thresholds[i] = (float)(((double)levels[i] + levels[i + 1]) / 2) * scale;
        // Random values, every threshold, and its neighbours among the floats.
        float[] values = [.. Some.Normal(3_001)
            .Select(value => Math.Clamp(value * Math.Max(scale, 1e-42f), -float.MaxValue, float.MaxValue)),
            .. thresholds.SelectMany(threshold =>
                new[] { MathF.BitDecrement(threshold), threshold, MathF.BitIncrement(threshold) }).Where(float.IsFinite)];
        var symbols = new byte[values.Length];
        levels.Quantize(values, scale, symbols);
        Assert.Equal(values.Select(value => (byte)thresholds.Count(threshold => threshold < value)), symbols);

        var decoded = new float[values.Length];
        levels.Dequantize(symbols, scale, decoded);
        Assert.Equal(symbols.Select(symbol => levels[symbol] * scale), decoded);
        levels.Dequantize(symbols.AsSpan(0, 64), scale, decoded);
        Assert.Equal(symbols.Take(64).Select(symbol => levels[symbol] * scale), decoded[..64]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    public void The_inner_product_is_that_of_values_and_their_levels(int bits)
    {
        float[] values = Some.Laplace(3_333);
        var symbols = new byte[values.Length];
        LloydMax.Levels(bits).Quantize(values, 0.9f, symbols);
        double expected = values.Zip(symbols, (value, symbol) => (double)value * LloydMax.Levels(bits)[symbol]).Sum();
        Assert.Equal(expected, LloydMax.Levels(bits).InnerProduct(values, 0.9f), 1e-9 * expected);
    }

    [Fact]
    public void A_symbol_from_a_stranger_beyond_the_last_counts_as_the_last()
    {
        var decoded = new float[300];
        LloydMax.Levels(3).Dequantize(Enumerable.Repeat((byte)200, 300).ToArray(), 2, decoded);
        Assert.All(decoded, value => Assert.Equal(2 * LloydMax.Levels(3).Last, value));
    }

    // By bisection of the distribution function, which is summed up.
    static double Quantile(double share)
    {
        double low = -6, high = 6;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = ShareBelow(middle) < share ? (middle, high) : (low, middle);
        }

        return low;
    }

    static double ShareBelow(double x)
    {
        // The power series of the error function.
        double term = x, sum = x;
        for (int k = 1; k < 200; k++)
        {
            term *= -x * x / (2 * k);
            sum += term / (2 * k + 1);
        }

        return 0.5 + sum / Math.Sqrt(2 * Math.PI);
    }
}

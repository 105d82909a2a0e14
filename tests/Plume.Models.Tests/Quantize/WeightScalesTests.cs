using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Tests;

public class WeightScalesTests
{
    const int Many = 100_000;

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    [InlineData(5), InlineData(6), InlineData(7), InlineData(8)]
    public void Normal_weights_get_the_scale_and_the_error_of_theory(int bits)
    {
        var quantizer = new FakeQuantizer(bits);
        float[] values = Some.Normal(Many, "weights");

        float scale = Fit(values, bits, WeightFit.LeastSquares);

        double best = Gauss.BestScale(quantizer);
        Assert.InRange(scale, best * 0.96, best * 1.04);
        Assert.Equal(Gauss.Decibels(Gauss.Error(quantizer, best)), Gauss.Decibels(Error(values, quantizer, scale)), Tail(bits));
    }

    [Fact]
    public void One_bit_and_eight_are_as_good_as_levels_without_a_zero()
    {
        float[] values = Some.Normal(Many, "weights");
        Assert.Equal(Gauss.EvenLevels[0].Step / 2, Fit(values, 1, WeightFit.LeastSquares), 0.005);
        Assert.Equal(Gauss.EvenLevels[0].Decibels, Gauss.Decibels(Error(values, new(1), Fit(values, 1, WeightFit.LeastSquares))),
            0.05);
        Assert.Equal(Gauss.EvenLevels[7].Step, Fit(values, 8, WeightFit.LeastSquares), 0.0006);
        Assert.Equal(Gauss.EvenLevels[7].Decibels, Gauss.Decibels(Error(values, new(8), Fit(values, 8, WeightFit.LeastSquares))),
            Tail(8));
    }

    [Fact]
    public void Documented_errors_are_those_of_theory()
    {
        Assert.Equal([0.3634, 0.1902, 0.0469, 0.01289], Enumerable.Range(1, 4).Select(bits => new FakeQuantizer(bits))
            .Select(each => Gauss.Error(each, Gauss.BestScale(each))), (a, b) => Math.Abs(a / b - 1) < 0.005);
    }

    [Fact]
    public void One_bit_is_the_mean_magnitude_whatever_the_fit()
    {
        float[] values = [0.5f, -1, 0.25f, -0.25f];

        Assert.Equal(0.5f, Fit(values, 1, WeightFit.LeastSquares));
        Assert.Equal(0.5f, Fit(values, 1, WeightFit.LargestMagnitude));
    }

    [Fact]
    public void Ternary_weights_have_the_least_error_of_all_thresholds()
    {
        for (int each = 0; each < 50; each++)
        {
            float[] values = Some.Normal(5 + 3 * each, $"ternary{each}");

            double found = Error(values, new(2), Fit(values, 2, WeightFit.LeastSquares));

            // The k largest magnitudes are kept at their mean; the best k of all.
            double[] magnitudes = [.. values.Select(value => Math.Abs((double)value)).OrderDescending()];
            double energy = magnitudes.Sum(value => value * value), sum = 0, most = 0;
            for (int k = 1; k <= magnitudes.Length; k++)
            {
                sum += magnitudes[k - 1];
                most = Math.Max(most, sum * sum / k);
            }

            Assert.InRange(found, 0, ((energy - most) / values.Length * 1.02) + 1e-9);
        }
    }

    [Theory, InlineData(2), InlineData(4), InlineData(8)]
    public void Least_squares_are_never_worse_than_the_largest_magnitude(int bits)
    {
        for (int each = 0; each < 30; each++)
        {
            float[] values = Some.Normal(9 + each, $"fit{each}");
            double least = Error(values, new(bits), Fit(values, bits, WeightFit.LeastSquares));
            Assert.InRange(least, 0, Error(values, new(bits), Fit(values, bits, WeightFit.LargestMagnitude)) * 1.00001);
        }
    }

    [Fact]
    public void The_largest_magnitude_is_the_last_level()
    {
        Assert.Equal([2f / 127, 0.5f / 127],
            WeightScales.Of(Initializer.Of("w", [2, 3], [1f, -2, 0.5f, 0.25f, 0.5f, 0]), 0, 8, WeightFit.LargestMagnitude));
        Assert.Equal([1f / 7, 2f / 7, 0.5f / 7],
            WeightScales.Of(Initializer.Of("w", [2, 3], [1f, -2, 0.5f, 0.25f, 0.5f, 0]), 1, 4, WeightFit.LargestMagnitude));
        Assert.Equal([2f / 127],
            WeightScales.Of(Initializer.Of("w", [2, 3], [1f, -2, 0.5f, 0.25f, 0.5f, 0]), null, 8, WeightFit.LargestMagnitude));
    }

    [Theory, InlineData(WeightFit.LargestMagnitude), InlineData(WeightFit.LeastSquares)]
    public void Zeros_subnormals_and_huge_values_have_a_usable_scale(WeightFit fit)
    {
        for (int bits = 1; bits <= 8; bits++)
        {
            Assert.Equal([1f], WeightScales.Of(Initializer.Of("w", [3], new float[3]), null, bits, fit));
            Assert.All(
                WeightScales.Of(Initializer.Of("w", [4, 2], [0f, 0, 1e-45f, 0, 3e38f, -3e38f, 1, 1]), 0, bits, fit),
                scale => Assert.True(float.IsNormal(scale) && scale > 0));
        }

        float[] dead = WeightScales.Of(Initializer.Of("w", [2, 2], [0f, 0, 1, 2]), 0, 8, fit);
        Assert.Equal(dead[1], dead[0]);
        Assert.Empty(WeightScales.Of(Initializer.Of("w", [0, 2], ReadOnlySpan<float>.Empty), 0, 8, fit));
    }

    [Fact]
    public void A_value_that_is_not_finite_is_named()
    {
        string message = Assert.Throws<InvalidPayloadException>(() =>
            WeightScales.Of(Initializer.Of("fc.weight", [2], [1f, float.NaN]), null, 8, WeightFit.LeastSquares)).Message;

        Assert.Equal("Weight 'fc.weight' cannot be quantized: value 1 is NaN.", message);
    }

    [Fact]
    public void Axes_and_bits_out_of_range_are_refused()
    {
        var weight = Initializer.Of("w", [1], [1f]);
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightScales.Of(weight, 1, 8, WeightFit.LeastSquares));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightScales.Of(weight, -1, 8, WeightFit.LeastSquares));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightScales.Of(weight, 0, 9, WeightFit.LeastSquares));
    }

    // With many levels the error is decided by few values beyond the last, so a sample strays from theory.
    static double Tail(int bits) => bits <= 6 ? 0.05 : 0.3;

    static float Fit(float[] values, int bits, WeightFit fit) =>
        WeightScales.Of(Initializer.Of("w", [values.Length], values), null, bits, fit)[0];

    static double Error(float[] values, FakeQuantizer quantizer, float scale) =>
        values.Average(value => Math.Pow(value - (double)quantizer.Quantize(value, scale), 2));
}

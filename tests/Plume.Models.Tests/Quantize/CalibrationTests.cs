using Plume.Compression.Wire;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Tests;

public class CalibrationTests
{
    const int Many = 100_000;

    [Theory, InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(8)]
    public void Least_squared_error_finds_the_step_of_theory(int bits)
    {
        float[] values = Some.Normal(Many, "activations");
        var grid = ActivationGrid.Of(new MeanSquaredError().Choose(Seen(values), bits), bits);
        double decibels = Gauss.Decibels(values.Average(value => Math.Pow(value - (double)grid.Quantize(value), 2)));

        var (step, best) = Gauss.EvenLevels[bits - 1];
        // A level at 0 leaves one side a level short, which matters as long as levels are few.
        double loss = bits >= 6 ? 0.2 : bits >= 4 ? 0.4 : 2.2;
        Assert.InRange(decibels, best - loss, best + 0.05);
        Assert.InRange(grid.Scale, step * 0.95, step * (bits >= 4 ? 1.08 : 1.3));
    }

    [Fact]
    public void Clipping_a_few_outliers_makes_all_others_finer()
    {
        float[] values = [.. Some.Normal(Many, "activations").Select(Math.Abs), 1000];
        var seen = Seen(values);

        Assert.Equal(new ValueRange(values.Min(), 1000), new MinMax().Choose(seen, 4));
        Assert.InRange(new Percentile(99.9).Choose(seen, 4).Max, 3.2, 4.2);
        Assert.InRange(new MeanSquaredError().Choose(Seen(values[..^1]), 4).Max, 2.2, 3.2);
        // 1000 alone is more energy than all others: at four bits it may not be clipped away, at eight neither.
        Assert.InRange(new MeanSquaredError().Choose(seen, 8).Max, 900, 1000);
    }

    [Fact]
    public void A_percentile_leaves_at_most_its_share_beyond_each_bound()
    {
        float[] values = Some.Normal(Many, "activations");
        var seen = Seen(values);
        foreach (double share in new[] { 60, 90, 99, 99.9, 99.99, 100 })
        {
            var range = new Percentile(share).Choose(seen, 8);
            Assert.InRange(values.Count(value => value > range.Max), 0, Many * (100 - share) / 100);
            Assert.InRange(values.Count(value => value < range.Min), 0, Many * (100 - share) / 100);
            Assert.InRange(values.Count(value => value > range.Max), Many * (100 - share) / 100 - Many * 0.004, Many);
        }

        Assert.Equal(seen.Range, new Percentile(100).Choose(seen, 8));
    }

    [Fact]
    public void Neither_the_cut_into_batches_nor_their_order_changes_a_range()
    {
        float[] values = [.. Some.Normal(3000, "a"), .. Some.Normal(3000, "b").Select(value => value * 100), 0, 0, -0f, 1e-30f];
        var whole = Seen(values);
        var parts = new ActivationHistogram();
        foreach (float[] part in values.Reverse().Chunk(7))
            parts.Add(part);

        Assert.Equal(whole.Count, parts.Count);
        Assert.Equal(whole.Range, parts.Range);
        Assert.Equal(whole.Filled(), parts.Filled());
        foreach (RangePolicy policy in new RangePolicy[] { new MinMax(), new Percentile(99), new MeanSquaredError() })
            Assert.Equal(policy.Choose(whole, 4), policy.Choose(parts, 4));
    }

    [Theory, InlineData(1), InlineData(4), InlineData(8)]
    public void Zero_has_a_level_and_the_range_is_kept_to_half_a_step(int bits)
    {
        foreach (var range in new[] { new ValueRange(-1, 3), new(-3, -1), new(2, 5), new(0, 0), new(-7, 0), new(-1e-40f, 1e-40f),
            new(-1e38f, 1e38f) })
        {
            var grid = ActivationGrid.Of(range, bits);
            Assert.Equal(0, grid.Quantize(0));
            Assert.True(float.IsFinite(grid.Scale) && grid.Scale > 0);
            Assert.InRange(Math.Abs(grid.Quantize(range.Max) - (double)range.Max), 0, grid.Scale * 0.5001);
            Assert.InRange(Math.Abs(grid.Quantize(range.Min) - (double)range.Min), 0, grid.Scale * 0.5001);
        }
    }

    [Fact]
    public void Values_from_zero_upward_use_every_level()
    {
        var grid = ActivationGrid.Of(new(0.5f, 51), 8);

        Assert.Equal((0, 0.2f), (grid.Quantizer.ZeroPoint, grid.Scale));
        Assert.Equal(51, grid.Quantize(60), 1e-5);
    }

    [Theory]
    [InlineData(0, 0, 0), InlineData(5, 5, 5), InlineData(-2, -2, -2), InlineData(1e-45f, 0, 1e-45f), InlineData(3e38f, -3e38f,
        3e38f)]
    public void Constants_subnormals_and_huge_values_have_ranges(float value, float min, float max)
    {
        var seen = Seen([value, min, max]);
        foreach (RangePolicy policy in new RangePolicy[] { new MinMax(), new Percentile(), new MeanSquaredError() })
        {
            var range = policy.Choose(seen, 8);
            Assert.InRange(range.Min, Math.Min(0, min), max);
            Assert.InRange(range.Max, min, Math.Max(0, max));
            Assert.True(ActivationGrid.Of(range, 8).Scale > 0);
        }
    }

    [Fact]
    public void A_refused_batch_leaves_nothing_behind()
    {
        var seen = Seen([1, 2]);
        var before = seen.Filled();

        string message = Assert.Throws<InvalidPayloadException>(() => seen.Add([9, float.NaN])).Message;

        Assert.Equal("An activation cannot be calibrated: Values must be finite, but value 1 is NaN. (Parameter 'values')",
            message);
        Assert.Throws<InvalidPayloadException>(() => seen.Add([float.PositiveInfinity]));
        Assert.Equal((2, new ValueRange(1, 2)), (seen.Count, seen.Range));
        Assert.Equal(before, seen.Filled());
    }

    [Fact]
    public void No_activation_has_no_range()
    {
        var seen = new ActivationHistogram();
        seen.Add([]);

        Assert.Contains("calibrate on at least one sample",
            Assert.Throws<InvalidOperationException>(() => new MinMax().Choose(seen, 8)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => new MeanSquaredError().Choose(seen, 8));
        Assert.Throws<InvalidOperationException>(() => new Percentile().Choose(seen, 8));
    }

    [Theory, InlineData(50), InlineData(100.1), InlineData(double.NaN), InlineData(-1)]
    public void Shares_out_of_range_are_refused(double share) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Percentile(share));

    [Theory, InlineData(2, 1), InlineData(float.NaN, 1), InlineData(0, float.PositiveInfinity)]
    public void Ranges_that_are_none_are_refused(float min, float max) =>
        Assert.Throws<ArgumentException>(() => new ValueRange(min, max));

    static ActivationHistogram Seen(float[] values)
    {
        var seen = new ActivationHistogram();
        seen.Add(values);
        return seen;
    }
}

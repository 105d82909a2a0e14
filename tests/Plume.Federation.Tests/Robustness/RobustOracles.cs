using Plume.Compression.Aggregation;
using Plume.Federation.Robustness;

namespace Plume.Federation.Tests.Robustness;

/// <summary>Rules on seven messages of three values, of which the last is hostile.</summary>
public class RobustOracles
{
    static readonly float[][] Messages =
    [
        [1, 2, -1], [1.2f, 1.8f, -.9f], [.9f, 2.1f, -1.2f], [1.1f, 1.9f, -1.1f], [.8f, 2.2f, -.8f], [1.05f, 2.05f, -.95f],
        [10, -10, 5],
    ];

    [Theory]
    [InlineData("median", 1.05, 2, -.95)]
    [InlineData("trimmed(1)", 1.05, 1.97, -.95)]
    [InlineData("trimmed(2)", 1.05, 1.983333333, -.95)]
    [InlineData("trimmed(20%)", 1.05, 1.97, -.95)]
    [InlineData("krum(1)", 1, 2, -1)]
    [InlineData("multikrum(1)", 1.008333333, 2.008333333, -.991666667)]
    [InlineData("multikrum(1, 4)", 1.0125, 2.0125, -1.0625)]
    [InlineData("geomedian", 1.024537395, 1.992645751, -.991255625)]
    [InlineData("centered(1, steps=1)", .446939454, .602517724, -.296664320)]
    [InlineData("centered(1)", 1.066024144, 1.784497508, -.878958185)]
    [InlineData("nearest(1) | median", 1.008333333, 2.008333333, -.991666667)]
    public void A_rule_gives_the_value_that_numpy_gives(string line, double x, double y, double z)
    {
        var rule = RobustNotation.Parse(line)!;
        Assert.Equal(line, rule.ToString());
        float[] mean = RobustMean.Of(rule, new Rows(Messages)).Mean;
        Assert.Equal([x, y, z], mean.Select(value => (double)value), (expected, actual) => Math.Abs(expected - actual) < 2e-7);
    }

    [Fact]
    public void The_norm_bound_scales_messages_before_a_rule_sees_them()
    {
        var outcome = RobustMean.Of(RobustNotation.Parse("multikrum(1, 7)")! with { Mixing = null }, new Rows(Messages),
            norm => Math.Min(1, 2.5 / norm));
        Assert.Equal([1.098360565, 1.473952430, -.725591866], outcome.Mean.Select(value => (double)value),
            (expected, actual) => Math.Abs(expected - actual) < 2e-7);
    }

    [Fact]
    public void Krum_leaves_the_hostile_message_out_and_says_so()
    {
        var outcome = RobustMean.Of(RobustNotation.Parse("multikrum(1)")!, new Rows(Messages));
        Assert.Equal(0, outcome.Factors![6]);
        Assert.Equal(6, Array.IndexOf(outcome.Distances, outcome.Distances.Max()));
    }

    [Fact]
    public void Mixing_brings_a_hostile_message_near_the_others() =>
        Assert.Equal([2.525, -.008333333, .041666667], Mixed(6), (expected, actual) => Math.Abs(expected - actual) < 2e-7);

    [Theory]
    [InlineData("trimmed(50%)", "must be below 50%")]
    [InlineData("trimmed", "needs the hostile messages")]
    [InlineData("nearest(1)", "a rule must stand after 'nearest'")]
    [InlineData("nearest(1) | mean", "'mean' is no rule here")]
    [InlineData("median | trimmed(1)", "nothing can stand after")]
    [InlineData("average", "known are mean, median")]
    [InlineData("centered(0)", "the radius must be above 0")]
    [InlineData("krum(0)", "must be an integer from 1")]
    public void A_line_with_a_mistake_says_where(string line, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => RobustNotation.Parse(line)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("krum(3)", "needs 9 messages or more")]
    [InlineData("trimmed(4)", "needs 9 messages or more")]
    [InlineData("nearest(4) | median", "a majority")]
    public void A_rule_refuses_fewer_messages_than_it_needs(string line, string problem) =>
        Assert.Contains(problem,
            Assert.Throws<ArgumentException>(() => RobustMean.Of(RobustNotation.Parse(line)!, new Rows(Messages))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void The_mean_is_no_rule() => Assert.Null(RobustNotation.Parse("mean"));

    static double[] Mixed(int row)
    {
        var walk = new Rows(Messages);
        var products = new double[49];
        var block = new RowBlock(7, 3);
        walk.Read(0, block);
        block.AddProducts(products);
        double[] factors = new NearestMixing(new Hostile(1, IsShare: false)).FactorsOf(new RowDistances(products, 7));
        var mixed = new RowBlock(7, 3);
        block.Mix(factors, mixed);
        return [.. mixed[row].ToArray().Select(value => (double)value)];
    }

    sealed class Rows(float[][] messages) : IMessageRows
    {
        public int Count => messages.Length;

        public int Length => messages[0].Length;

        public void Read(int first, RowBlock block)
        {
            for (int row = 0; row < messages.Length; row++)
                messages[row].AsSpan(first, block.Columns).CopyTo(block[row]);
        }
    }
}

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
    public void Trust_that_begins_with_the_server_gives_the_value_that_numpy_gives()
    {
        var rule = RobustNotation.Parse("fltrust(public=holdout(100))")!;
        var outcome = RobustMean.Of(rule, new Rows(Messages), root: new float[] { 1, 2, -1 });
        Assert.Equal([1.005180188, 1.993868129, -.984105915], outcome.Mean.Select(value => (double)value),
            (expected, actual) => Math.Abs(expected - actual) < 2e-7);
        // Of cosines 1, .993145910, .996615896, .997509336, .990147543, .999530028 and -.408248291.
        double[] parts = [.1672886, .1661420, .1667225, .1668720, .1656405, .1672100, 0];
        Assert.Equal(parts.Select(part => part / parts.Sum()), outcome.Factors!,
            (expected, actual) => Math.Abs(expected - actual) < 1e-6);
        Assert.Equal(7, outcome.Distances.Length);
    }

    [Theory]
    [InlineData(1, -1, 0)]
    [InlineData(0, 0, 0)]
    public void Where_no_message_points_the_servers_way_nothing_is_made_of_a_round(float x, float y, float z)
    {
        float[][] others = [[-1, 1, 1], [-2, 2, 0], [0, 0, 0]];
        var outcome = RobustMean.Of(new FlTrust("holdout(1)"), new Rows(others), root: new float[] { x, y, z });
        Assert.Equal([0, 0, 0], outcome.Mean);
        Assert.Equal([0, 0, 0], outcome.Factors!);
    }

    [Fact]
    public void A_message_a_million_times_too_large_counts_for_its_direction_alone()
    {
        float[][] scaled = [.. Messages];
        scaled[1] = [.. scaled[1].Select(value => value * 1e6f)];
        var rule = new FlTrust("holdout(1)");
        float[] root = [1, 2, -1];
        Assert.Equal(RobustMean.Of(rule, new Rows(Messages), root: root).Mean,
            RobustMean.Of(rule, new Rows(scaled), norm => Math.Min(1, 3 / norm), root).Mean,
            (expected, actual) => Math.Abs(expected - actual) < 1e-6);
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
    [InlineData("fltrust", "it needs samples that the server may see, such as public=holdout(100)")]
    [InlineData("nearest(1) | fltrust(public=holdout(9))", "'nearest' cannot stand before 'fltrust'")]
    [InlineData("groups(5) | fltrust(public=holdout(9))", "'groups' cannot stand before 'fltrust'")]
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
    public void A_rule_that_compares_with_the_servers_own_update_is_refused_without_one() =>
        Assert.Contains("with the server's own, which has 0",
            Assert.Throws<ArgumentException>(() => RobustMean.Of(new FlTrust("holdout(1)"), new Rows(Messages))).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("fltrust(public=holdout(100))")]
    [InlineData("fltrust(public=holdout(100), samples=100, classes=10, hash=00000000feedbeef)")]
    public void Trust_prints_as_it_is_read(string line) => Assert.Equal(line, RobustNotation.Parse(line)!.ToString());

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

using Plume.Compression.Codecs;
using Plume.Simulation.Shadows;

namespace Plume.Simulation.Tests;

/// <summary>A run by other codecs beside the run's own.</summary>
public partial class SimulationTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("sums")]
    [InlineData("auto")]
    [InlineData("feddyn")]
    [InlineData("prune")]
    [InlineData("adapters")]
    public void By_the_runs_own_line_a_shadow_is_the_run_in_every_byte_and_bit(string kind)
    {
        var options = Options(kind, 4);
        var (run, shadow) = Cast(options, new ShadowLine(options.Plan.Uplink, options.Plan.Downlink));
        Assert.Equal(run.Published.ToArray(), shadow.Published.ToArray());
        Assert.Equal(run.Metrics.Select(round => (round.UplinkBytes, round.DownlinkBytes, 0.0)),
            shadow.Rounds.Select(round => (round.UplinkBytes, round.DownlinkBytes, round.Distance)));
        Assert.Equal(run.Costs.Select(cost => (cost.Tasks, cost.DownlinkBytes, cost.UplinkBytes)),
            shadow.Costs.Select(cost => (cost.Tasks, cost.DownlinkBytes, cost.UplinkBytes)));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("feddyn")]
    public void Where_all_participants_train_from_a_shadows_model_it_is_a_run_by_its_line(string kind)
    {
        const string Line = "feedback | uniform(2) | range; delta | uniform(4) | rans";
        var options = Options(kind, 4);
        var line = ShadowLine.Parse(Line, Codec.Floats);
        var (_, shadow) = Cast(options, line with { Trains = options.Plan.MostContributors });
        // What clients remember of their method is the run's, and differs as the messages do.
        float[] wanted = Run(options with { Plan = line.In(options.Plan) }).Model;
        double apart = shadow.Published.ToArray().Zip(wanted, (one, other) => Math.Abs(one - other)).Max();
        Assert.InRange(apart, 0, kind == "plain" ? 0 : 0.2);
    }

    [Fact]
    public void The_more_participants_train_from_a_shadows_model_the_nearer_it_is_to_a_run_by_its_line()
    {
        var options = Options("plain", 6);
        var line = ShadowLine.Parse("feedback | topk(5%) | pack", Codec.Floats);
        float[] wanted = Run(options with { Plan = line.In(options.Plan) }).Model;
        double[] apart = [.. new[] { 0, 2, 8 }.Select(trains => Cast(options, line with { Trains = trains }).Shadow.Published
            .ToArray().Zip(wanted, (one, other) => Math.Pow(one - other, 2)).Sum())];
        Assert.True(apart[0] > apart[1] && apart[1] > apart[2], string.Join(", ", apart));
        Assert.Equal(0, apart[2]);
    }

    [Theory]
    [InlineData("sparse")]
    [InlineData("feddyn")]
    public void A_shadow_changes_no_bit_of_the_run_and_is_the_same_on_any_number_of_threads(string kind)
    {
        var line = ShadowLine.Parse("feedback | uniform(2) | range; delta | uniform(4) | rans", Codec.Floats);
        var options = Options(kind, 4);
        var (serial, one) = Cast(options with { Threads = 1 }, line);
        Assert.Equal(Run(options).Model, serial.Published.ToArray());
        var (_, other) = Cast(options with { Threads = 4 }, line);
        Assert.Equal(one.Published.ToArray(), other.Published.ToArray());
        Assert.Equal(one.Rounds, other.Rounds);
        Assert.All(one.Rounds, round => Assert.InRange(round.Distance, 1e-3, 2));
    }

    [Fact]
    public void What_loses_more_costs_less_and_leads_further_away()
    {
        var options = Options("plain", 4) with
        {
            Shadows = [.. new[] { 8, 4, 2 }.Select(bits =>
                ShadowLine.Parse($"feedback | uniform({bits}) | pack", Codec.Floats))],
        };
        using var simulation = Simulate(options);
        Finish(simulation);
        var last = simulation.Shadows.Select(shadow => shadow.Rounds[^1]).ToList();
        Assert.True(last[0].UplinkBytes > last[1].UplinkBytes && last[1].UplinkBytes > last[2].UplinkBytes);
        Assert.True(last[0].Distance < last[1].Distance && last[1].Distance < last[2].Distance);
    }

    [Theory]
    [InlineData("masks", "by 'masks")]
    [InlineData("submodels", "by 'submodels")]
    [InlineData("buffered", "in the rhythm")]
    [InlineData("secure", "under 'secure'")]
    [InlineData("ruled", "with a rule")]
    [InlineData("private", "with privacy")]
    [InlineData("scaffold", "by 'scaffold'")]
    public void Where_updates_do_not_count_by_themselves_there_is_no_shadow(string kind, string why) =>
        Assert.Contains(why, Assert.Throws<ArgumentException>(() =>
            Cast(Options(kind, 1), new ShadowLine(Codec.Floats, Codec.Floats))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_line_names_one_codec_or_two_and_prints_as_it_is_read()
    {
        var floats = Codec.Floats;
        Assert.Equal(new ShadowLine(Codec.Parse("topk(1%) | rans"), floats), ShadowLine.Parse("topk(1%) | rans", floats));
        var both = ShadowLine.Parse(" pack ;delta | uniform(8) | rans", floats);
        Assert.Equal(both, ShadowLine.Parse(both.ToString(), floats));
        Assert.Contains("has 3", Assert.Throws<FormatException>(() => ShadowLine.Parse("pack; pack; pack", floats)).Message,
            StringComparison.Ordinal);
        var remembers = Assert.Throws<ArgumentException>(() =>
            Cast(Options("plain", 1), ShadowLine.Parse("pack; feedback | uniform(4) | pack", floats)));
        Assert.Contains("feedback", remembers.Message, StringComparison.Ordinal);
    }

    static (Simulation Run, Shadow Shadow) Cast(SimulationOptions options, ShadowLine line)
    {
        using var simulation = Simulate(options with { Shadows = [line] });
        Finish(simulation);
        return (simulation, simulation.Shadows[0]);
    }
}

using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;

namespace Plume.Simulation.Tests;

public class LinksTests
{
    [Theory]
    [InlineData("fixed(down=20, up=5)")]
    [InlineData("lognormal(down=20, up=5, spread=0.5) | latency(50ms)")]
    [InlineData("uniform(down=5..50, up=0.5..10) | latency(20ms..200ms) | dropout(0%..29%)")]
    [InlineData("fixed(down=0.001, up=1000000) | dropout(5%)")]
    [InlineData("fixed(down=20, up=5) | work(2500ms)")]
    [InlineData("fixed(down=20, up=5) | dropout(5%) | work(10000ms, spread=0.8, jitter=0.2)")]
    public void A_line_reads_back_as_it_prints(string line) => Assert.Equal(line, Links.Parse(line).ToString());

    [Fact]
    public void Times_may_be_seconds_and_words_stand_in_any_order() =>
        Assert.Equal("lognormal(down=20, up=5, spread=0) | latency(1500ms) | dropout(1%)",
            Links.Parse("dropout(1%)|latency(1.5s)|lognormal(spread=0,up=5,down=20)").ToString());

    [Theory]
    [InlineData("", "column 1: a word is missing here; known are fixed, lognormal, uniform, latency, dropout, work.")]
    [InlineData("gaussian(down=1, up=1)",
        "column 1: 'gaussian' says nothing of links; known are fixed, lognormal, uniform, latency, dropout, work.")]
    [InlineData("latency(5ms)", "column 1: links need their speeds, such as lognormal(down=20, up=5, spread=0.5).")]
    [InlineData("fixed(down=20)", "column 1: the speeds of links are in Mbit/s, and 'up=' is missing.")]
    [InlineData("fixed(down=20, up=0)", "column 16: 'up=0' must be a speed in Mbit/s, from 1E-06 to 1000000.")]
    [InlineData("fixed(down=20, up=5, spread=1)",
        "column 22: 'spread=1' is not an argument of fixed; it takes down=..., up=....")]
    [InlineData("uniform(down=9..5, up=1..2)",
        "column 9: 'down=9..5' must be two speeds in Mbit/s, the lesser first, such as down=5..50.")]
    [InlineData("lognormal(down=9, up=5, spread=-1)",
        "column 25: 'spread=-1' must be the deviation of the speed's logarithm, from 0 to 5.")]
    [InlineData("fixed(down=9, up=5) | fixed(down=9, up=5)", "column 23: 'fixed' stands there already.")]
    [InlineData("fixed(down=9, up=5) | uniform(down=1..9, up=1..5)",
        "column 23: 'uniform' cannot stand beside 'fixed(down=9, up=5)': links have one distribution of speeds.")]
    [InlineData("fixed(down=9, up=5) | latency(50)",
        "column 31: '50' must be a time or two, the lesser first, such as 50ms or 20ms..200ms.")]
    [InlineData("fixed(down=9, up=5) | latency", "column 23: latency needs a time, such as 50ms or 20ms..200ms.")]
    [InlineData("fixed(down=9, up=5) | dropout(20%..5%)",
        "column 31: '20%..5%' must be a chance or two, the lesser first, such as 5% or 0%..20%.")]
    [InlineData("fixed(down=9, up=5) | dropout(100%)",
        "column 31: a client that always vanishes is none: chances must be below 100%.")]
    [InlineData("fixed(down=9, up=5) | work(0s)",
        "column 28: '0s' must be a time above 0 and at most a day, such as 10s or 500ms.")]
    [InlineData("fixed(down=9, up=5) | work(spread=1)", "column 23: work needs a time, such as work(10s, spread=0.5).")]
    [InlineData("fixed(down=9, up=5) | work(1s, jitter=9)",
        "column 32: 'jitter=9' must be the deviation of the time's logarithm, from 0 to 5.")]
    public void A_mistake_is_named_with_its_column(string line, string message) =>
        Assert.Equal($"Links '{line}', {message}", Assert.Throws<FormatException>(() => Links.Parse(line)).Message);

    [Fact]
    public void Speeds_have_the_distribution_that_the_line_names()
    {
        const int clients = 20_000;
        var links = Links.Parse("lognormal(down=20, up=5, spread=0.5) | latency(20ms..200ms) | dropout(0%..20%)");
        ClientLink[] drawn = [.. Enumerable.Range(0, clients).Select(client => links.Of(7, client))];
        double[] logarithms = [.. drawn.Select(link => Math.Log(link.Down / 20))];
        // Five deviations of a mean of so many draws, and of their square.
        Assert.InRange(logarithms.Average(), -5 * 0.5 / Math.Sqrt(clients), 5 * 0.5 / Math.Sqrt(clients));
        Assert.InRange(logarithms.Average(value => value * value), 0.25 * (1 - 5 * Math.Sqrt(2.0 / clients)),
            0.25 * (1 + 5 * Math.Sqrt(2.0 / clients)));
        Assert.All(drawn, link => Assert.Equal(4, link.Down / link.Up, 1e-9));
        Assert.All(drawn, link => Assert.InRange(link.Latency, 0.02, 0.2));
        Assert.InRange(drawn.Average(link => link.DropOut!.Value), 0.1 - 0.002, 0.1 + 0.002);
        Assert.Equal(drawn, Enumerable.Range(0, clients).Select(client => links.Of(7, client)));
        Assert.NotEqual(drawn[0], links.Of(8, 0));
    }

    [Fact]
    public void Each_client_has_a_time_to_work_of_its_own_and_each_of_its_tasks_a_little_more_or_less()
    {
        const int clients = 20_000;
        var links = Links.Parse("fixed(down=20, up=5) | work(10s, spread=0.8, jitter=0.2)");
        WorkTime[] works = [.. Enumerable.Range(0, clients).Select(client => links.Of(7, client).Work!)];
        Assert.InRange(works.Average(work => Math.Log(work.Median / 10)), -5 * 0.8 / Math.Sqrt(clients),
            5 * 0.8 / Math.Sqrt(clients));
        double[] tasks = [.. Enumerable.Range(0, clients)
            .Select(task => Math.Log(works[0].Seconds(RandomKey.FromSeed((ulong)task)) / works[0].Median))];
        Assert.InRange(tasks.Average(value => value * value), 0.04 * (1 - 5 * Math.Sqrt(2.0 / clients)),
            0.04 * (1 + 5 * Math.Sqrt(2.0 / clients)));
        Assert.Equal(works[5], links.Of(7, 5).Work);
    }

    [Fact]
    public void Where_work_is_declared_no_clock_of_this_machine_is_part_of_what_a_round_takes()
    {
        const string line = "uniform(down=1..2, up=1..2) | work(2s, spread=0.5)";
        Assert.Equal(Run(line).Metrics.Select(round => round.LinkSeconds), Run(line).Metrics.Select(round => round.LinkSeconds));
    }

    [Theory]
    [InlineData("fixed(down=20, up=5)", "who answers first depends on how long clients work, which these links do not say: write "
        + "'fixed(down=20, up=5) | work(10s, spread=0.5)', or leave links out.")]
    [InlineData("fixed(down=20, up=5) | work(1s)", null)]
    [InlineData(null, null)]
    public void Buffered_rounds_need_links_that_say_how_long_clients_work(string? line, string? problem)
    {
        var plan = new FederationPlan(20, 4, 8, new LocalObjective(1, 1, 0.05), Codec.Floats, Codec.Floats) { Buffered = new(4) };
        var options = new SimulationOptions(plan, Seed: 3) { Links = line is null ? null : Links.Parse(line) };
        Assert.Equal(problem is null ? [] : [$"In 'buffered(4)' {problem}"], options.Problems());
    }

    [Fact]
    public void A_part_in_a_round_takes_its_download_its_latency_its_work_and_its_upload() =>
        // 2.5 MB at 20 Mbit/s are a second, 125 kB at 5 Mbit/s a fifth.
        Assert.Equal(1 + 0.05 + 3 + 0.2, new ClientLink(20, 5, 0.05, null).Seconds(2_500_000, 3, 125_000), 1e-12);

    [Theory]
    [InlineData("fixed(down=0.01, up=0.004) | latency(100ms)", 1, 0)]
    [InlineData("lognormal(down=0.02, up=0.01, spread=1)", 1.5, 0.3)]
    public void A_round_takes_as_long_as_the_slowest_of_those_that_count(string line, double overSelection, double dropOut)
    {
        var time = new ToldTime();
        var plan = new FederationPlan(20, 6, 8, new LocalObjective(1, 1, 0.05), Codec.Floats, Codec.Floats)
        {
            OverSelection = overSelection,
            Quorum = 3,
        };
        var options = new SimulationOptions(plan, Seed: 3) { Threads = 1, DropOut = dropOut, Links = Links.Parse(line) };
        var counted = new List<int>();
        var blobs = new Blobs(plan.Clients);
        using var simulation = new Simulation(options, new Working(blobs, time), blobs, new float[blobs.Layout.Length], time,
            (_, client, _) => counted.Add(client));
        var before = simulation.Costs.ToArray();
        while (simulation.NextRound() is { } round)
        {
            ClientCost[] after = [.. simulation.Costs];
            double[] parts = [.. counted.Select(client => simulation.Links[client].Seconds(
                after[client].DownlinkBytes - before[client].DownlinkBytes, Working.SecondsOf(client),
                after[client].UplinkBytes - before[client].UplinkBytes))];
            Assert.Equal(round.Accepted, parts.Length);
            Assert.Equal(parts.Max(), round.LinkSeconds!.Value, 1e-9);
            Assert.Equal(round.ClientSeconds, after.Sum(cost => cost.Seconds) - before.Sum(cost => cost.Seconds), 1e-9);
            Assert.Equal(round.DownlinkBytes, after.Sum(cost => cost.DownlinkBytes) - before.Sum(cost => cost.DownlinkBytes));
            Assert.Equal(round.UplinkBytes, after.Sum(cost => cost.UplinkBytes) - before.Sum(cost => cost.UplinkBytes));
            counted.Clear();
            before = after;
        }

        using var resumed = new Simulation(options, blobs, blobs, new float[blobs.Layout.Length], time);
        resumed.Resume(simulation.Save());
        Assert.Equal(simulation.Costs, resumed.Costs);
        Assert.Equal(simulation.Metrics.Select(round => (round.ClientSeconds, round.LinkSeconds)),
            resumed.Metrics.Select(round => (round.ClientSeconds, round.LinkSeconds)));
    }

    [Fact]
    public void Links_change_no_bit_unless_they_say_who_vanishes()
    {
        var (plain, model) = Run(null);
        var (timed, same) = Run("uniform(down=1..2, up=1..2)");
        Assert.Equal(model, same);
        Assert.Equal(plain.Select(round => round.UplinkBytes), timed.Select(round => round.UplinkBytes));
        Assert.All(plain, round => Assert.Null(round.LinkSeconds));
        var (lost, other) = Run("uniform(down=1..2, up=1..2) | dropout(10%..60%)");
        Assert.Contains(lost, round => round.Accepted < 8);
        Assert.NotEqual(model, other);
    }

    static (IReadOnlyList<RoundMetrics> Metrics, float[] Model) Run(string? line)
    {
        var blobs = new Blobs(20);
        var options = new SimulationOptions(new FederationPlan(20, 4, 8, new LocalObjective(1, 1, 0.05),
            Codec.Floats, Codec.Floats), Seed: 3)
        {
            Links = line is null ? null : Links.Parse(line),
        };
        using var simulation = new Simulation(options, blobs, blobs, new float[blobs.Layout.Length], TimeProvider.System);
        while (simulation.NextRound() is not null)
        {
        }

        return (simulation.Metrics, simulation.Published.ToArray());
    }

    sealed class ToldTime : TimeProvider
    {
        long now;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => now;

        public void Pass(double seconds) => now += (long)(seconds * TimestampFrequency);
    }

    /// <summary>Each client takes a time of its own to train.</summary>
    sealed class Working(ILearner learner, ToldTime time) : ILearner
    {
        public ModelLayout Layout => learner.Layout;

        public static double SecondsOf(int client) => 0.25 * (client + 1);

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
        {
            time.Pass(SecondsOf(task.Client));
            return learner.Train(task, trained, cancellation);
        }
    }
}

namespace Plume.Simulation.Tests;

/// <summary>What a server can read.</summary>
public partial class SimulationTests
{
    [Fact]
    public void A_server_reads_floats_as_they_were_and_coded_updates_as_they_arrive()
    {
        var (plain, _) = Read(Options("plain", 3));
        var seen = Watch(Options("plain", 3)).Seen;
        Assert.Equal(seen.Select(each => (each.Round, each.Client)), plain.Select(each => (each.Round, each.Clients.Single())));
        Assert.All(seen.Zip(plain), pair => Assert.Equal(pair.First.Update, pair.Second.Update));

        // Of a sparse line no more values than it selects arrive.
        var (sparse, _) = Read(Options("sparse", 3));
        Assert.All(sparse, each => Assert.InRange(each.Update.Count(value => value != 0), 1, (int)(0.06 * each.Update.Length)));
    }

    [Fact]
    public void Of_a_secure_sum_a_server_reads_the_mean_of_all_and_no_more()
    {
        var options = Options("secure", 3);
        var (read, model) = Read(options);
        Assert.Equal([1, 2, 3], read.Select(each => each.Round));
        Assert.All(read, each => Assert.InRange(each.Clients.Count, options.Plan.Quorum, options.Plan.Participants));
        Assert.All(read, each => Assert.InRange(each.Update.Max(Math.Abs), 1e-6f, 10));
        Assert.Equal(Run(options).Model, model);
    }

    [Fact]
    public void Whoever_reads_changes_no_bit_and_reads_the_same_on_any_number_of_threads()
    {
        foreach (string kind in new[] { "sparse", "private", "ruled", "adapters", "scaffold" })
        {
            var (serial, model) = Read(Options(kind, 3) with { Threads = 1 });
            Assert.Equal(Run(Options(kind, 3)).Model, model);
            var (parallel, _) = Read(Options(kind, 3) with { Threads = 4 });
            Assert.Equal(serial.Count, parallel.Count);
            Assert.All(serial.Zip(parallel), pair => Assert.Equal(pair.First.Update, pair.Second.Update));
        }
    }

    [Theory]
    [InlineData("buffered")]
    [InlineData("submodels")]
    [InlineData("predictions")]
    [InlineData("masks")]
    public void Where_no_update_of_one_model_travels_there_is_no_reader(string kind) =>
        Assert.Contains("What a server reads is shown where clients send updates",
            Assert.Throws<ArgumentException>(() => Read(Options(kind, 1))).Message, StringComparison.Ordinal);

    static (List<(int Round, IReadOnlyList<int> Clients, float[] Update)> Read, float[] Model) Read(SimulationOptions options)
    {
        var read = new List<(int, IReadOnlyList<int>, float[])>();
        using var simulation = Simulate(options with
        {
            Reader = (round, clients, update) => read.Add((round, clients, update)),
        });
        Finish(simulation);
        return (read, simulation.Published.ToArray());
    }
}

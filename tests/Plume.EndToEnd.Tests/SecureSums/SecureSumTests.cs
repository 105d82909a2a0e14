using System.Collections.Concurrent;
using Plume.Client.State;
using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;

namespace Plume.EndToEnd.Tests.SecureSums;

/// <summary>Updates that are added up in secret, by real processes.</summary>
public class SecureSumTests
{
    static readonly ToyPlan Plan = new(Clients: 5, Rounds: 8, Participants: 3, Values: 20_000)
    {
        Uplink = "feedback | randk(50%) | rotate | uniform(6, shared) | secure",
    };

    [Fact]
    public async Task Wherever_the_server_dies_a_secure_sum_has_the_bits_of_a_simulation()
    {
        await using var trial = new Trial(Plan);
        var clients = trial.StartAllClients();
        await trial.KillServersAtAsync("event:2", "sum-stored:1", "sum-closed:1", "sum-closed:2", "revealed-stored:1",
            "sum-revealed:1", "version-stored:1", "committed:1");

        var ended = await trial.EndAsync(await trial.ServeAsync(), clients);
        Assert.Equal(Simulated.Model(Plan), ended.Model);
    }

    [Theory]
    [InlineData("averaging", "groups(3) | median")]
    [InlineData("submodels(1, 1/2)", "mean")]
    public async Task Wherever_the_server_dies_sums_of_groups_have_the_bits_of_a_simulation(string training, string rule)
    {
        var plan = Plan with { Clients = 9, Participants = 9, Rounds = 4, Training = training, Rule = rule };
        await using var trial = new Trial(plan);
        var clients = trial.StartAllClients();
        await trial.KillServersAtAsync("sum-closed:1", "revealed-stored:1", "version-stored:1");

        var ended = await trial.EndAsync(await trial.ServeAsync(), clients);
        Assert.Equal(Simulated.Model(plan), ended.Model);
    }

    [Theory]
    [InlineData("predictions(public=points, batch=40, bits=2, labels=student, alike, samples=200, classes=10, hash=00000000feedbeef)",
        "uniform(3, shared) | secure", "pack")]
    [InlineData("masks(seed=3)", "uniform(1, shared) | secure", "delta | uniform(6) | rans")]
    [InlineData("powersgd(rank=2)", "uniform(4, shared) | secure", "delta | uniform(6) | rans")]
    [InlineData("prune(80%, rounds=1..3)", "feedback | uniform(4, shared) | secure", "delta | uniform(6) | rans")]
    public async Task Whatever_is_counted_in_secret_has_the_bits_of_a_simulation(string training, string uplink, string downlink)
    {
        var plan = Plan with { Rounds = 4, Training = training, Uplink = uplink, Downlink = downlink };
        await using var trial = new Trial(plan);
        var clients = trial.StartAllClients();
        await trial.KillServersAtAsync("sum-closed:1", "version-stored:1");

        var ended = await trial.EndAsync(await trial.ServeAsync(), clients);
        Assert.Equal(Simulated.Model(plan), ended.Model);
    }

    [Fact]
    public async Task Wherever_the_server_dies_clients_have_added_the_noise_that_is_promised_once_in_each_round()
    {
        var plan = Plan with { Uplink = "clip(1) | rotate | uniform(8, shared) | secure", Noise = 2, Rounds = 5 };
        await using var trial = new Trial(plan);
        var clients = trial.StartAllClients();
        await trial.KillServersAtAsync("sum-stored:1", "sum-closed:1", "revealed-stored:1");

        await trial.EndAsync(await trial.ServeAsync(), clients);
        // The same run in one process has other noise of the same deviation: in each of five rounds that of three shares, of
        // which two are 2, in a mean of three. What clients learn pulls models together a little.
        double promised = Math.Sqrt(2) * 2 * Math.Sqrt(3.0 / 2) / 3 * Math.Sqrt(5);
        Assert.InRange(trial.ApartFromSimulation() / promised, 0.9, 1.02);
    }

    // Whoever vanishes between trips is left out of that sum, or its masks are taken off by the others' shares; when it is back
    // it goes on with the next round.
    [Fact]
    public async Task Between_whichever_trips_a_client_dies_the_others_end_the_sum()
    {
        var plan = Plan with { Clients = 4, Participants = 4, Quorum = 3, Rounds = 6, Deadline = TimeSpan.FromSeconds(20) };
        await using var trial = new Trial(plan);
        var server = await trial.ServeAsync();
        var others = trial.StartClients([1, 2, 3]);
        foreach (string place in (string[])["Keys:2", "Shares:3", "Masked:4", "Unmasking:5"])
            Assert.Equal(HostProcess.Killed, await trial.StartClients([0], place).EndAsync());
        var ended = await trial.EndAsync(server, others, trial.StartClients([0]));
        Assert.Equal([3, 3, 4], ended.Rounds.Skip(2).Take(3).Select(record => record.Round!.Accepted));
        Assert.Equal(4, ended.Rounds[^1].Round!.Accepted);
    }

    // Bytes in the midst of what a client would send by itself, which lie in its own folder until the server has answered.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_update_of_a_client_is_in_the_servers_folder_or_memory(bool isSecure)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows the memory of a process.");
        var plan = new ToyPlan(Clients: 3, Rounds: 4, Participants: 3, Values: 20_000)
        {
            Uplink = isSecure ? "rotate | uniform(6, shared) | secure" : "uniform(6) | pack",
        };
        await using var trial = new Trial(plan) { Training = TimeSpan.FromMilliseconds(100) };
        var server = await trial.ServeAsync();
        var updates = new ConcurrentDictionary<string, byte[]>();
        var written = new ConcurrentBag<string>();
        HostProcess clients;
        using (var watcher = new FileSystemWatcher(trial.Folder, "pending.bin") { IncludeSubdirectories = true })
        {
            watcher.Renamed += (_, file) =>
            {
                if (PartOf(file.FullPath) is { } update)
                    updates[Convert.ToHexString(update)] = update;
                foreach (string path in FilesWith(trial.State, updates.Values))
                    written.Add(path);
            };
            watcher.EnableRaisingEvents = true;
            clients = trial.StartAllClients();
            await clients.EndAsync();
        }

        Assert.True(updates.Count >= 6, $"{updates.Count} updates were seen.");
        var found = ProcessMemory.Find(server.Id, [.. updates.Values]);
        // What is sent by itself is in both places, so that this would find it.
        Assert.Equal((isSecure, isSecure), (found.Count == 0, written.IsEmpty));
        await trial.EndAsync(server, clients);
    }

    // While a round is open, what a server keeps of the one before is in its folder.
    static IEnumerable<string> FilesWith(string folder, ICollection<byte[]> updates) =>
        Directory.EnumerateFiles(Path.Combine(folder, "blobs"), "*", SearchOption.AllDirectories)
            .Where(path => Read(path) is { } bytes && updates.Any(update => bytes.AsSpan().IndexOf(update) >= 0));

    static byte[]? Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (IOException)
        {
            // It is gone by now, or is being written.
            return null;
        }
    }

    static byte[]? PartOf(string path)
    {
        const int bytes = 64;
        if (Read(path) is not { } kept)
            return null;
        byte[] payload = KeptUpdate.Read(kept, out _).Payload;
        return payload.AsSpan(payload.Length / 2, bytes).ToArray();
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Plume.Client;
using Plume.Client.Identity;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Server.Identity.Certificates;

namespace Plume.Server.Bench;

/// <summary>Many light clients in one process: held, served, and back after the server was killed.</summary>
static class Crowd
{
    static readonly TimeSpan Away = TimeSpan.FromSeconds(3);
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    public static string NameOf(int client) => string.Create(CultureInfo.InvariantCulture, $"site-{client}");

    public static async Task RunAsync(int values, int clients, int rounds, int participants, bool isSecure, bool isKilled)
    {
        var plan = new BenchPlan(values, clients, rounds, participants, "feedback | topk(10%) | uniform(4) | rans",
            "delta | deadzone(abs=0.00390625) | range");
        string folder = Directory.CreateTempSubdirectory("plume-bench-").FullName;
        try
        {
            if (isSecure)
                CertificateFolder.Initialise(Path.Combine(folder, ServerProcess.Certificates), ["localhost"],
                    TimeProvider.System);
            using var server = await ServerProcess.StartAsync(plan, folder);
            await MeasureAsync(plan, server, folder, isSecure, isKilled);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static async Task MeasureAsync(BenchPlan plan, ServerProcess server, string folder, bool isSecure, bool isKilled)
    {
        var clock = Stopwatch.StartNew();
        var identities = isSecure ? await EnrolAsync(server.Address, folder) : new ClientCertificate?[plan.Clients];
        if (isSecure)
            Say(clock, $"{plan.Clients} are enrolled, {plan.Clients / clock.Elapsed.TotalSeconds:0} a second; server "
                + $"{server.PeakBytes / 1e6:0} MB");
        var socket = new SocketCount();
        using var shared = socket.CreateHandler();
        var steps = new ConcurrentDictionary<int, ClientProgress>();
        var training = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default,
            Environment.ProcessorCount).ConcurrentScheduler;
        clock.Restart();
        var stays = Enumerable.Range(0, plan.Clients).Select(client => FederatedClient.JoinAsync(
            new ClientOptions
            {
                Server = server.Address,
                Federation = BenchPlan.Federation,
                Name = NameOf(client),
                Number = client,
                Folder = FolderOf(folder, client),
                Handler = isSecure ? null : shared,
                Identity = identities[client],
                RootFile = isSecure ? RootOf(folder) : null,
                Training = training,
                Progress = new Told(step => steps[client] = step),
            },
            new NoiseLearner(plan.Layout))).ToList();
        var all = Task.WhenAll(stays);
        await UntilAsync(all, () => Round(steps) >= 1);
        Say(clock, $"all have joined; server {server.PeakBytes / 1e6:0} MB");
        if (isKilled)
            await KillAsync(plan, server, clock, steps, all);
        var results = await all;
        Say(clock, $"{results[0].Version} rounds are done, all models the same: "
            + $"{results.All(result => result.Model.Span.SequenceEqual(results[0].Model.Span))}; server "
            + $"{server.PeakBytes / 1e6:0} MB at most, {server.ProcessorTime.TotalSeconds:0.0} s of processor time; payloads "
            + $"{steps.Values.Sum(step => step.BytesUp):n0} bytes up, {steps.Values.Sum(step => step.BytesDown):n0} down");
        if (!isSecure)
            Say(clock, $"at the sockets {socket.Up:n0} bytes up, {socket.Down:n0} down");
    }

    static async Task KillAsync(BenchPlan plan, ServerProcess server, Stopwatch clock,
        ConcurrentDictionary<int, ClientProgress> steps, Task all)
    {
        await UntilAsync(all, () => Round(steps) >= plan.Rounds / 4);
        Say(clock, $"in round {Round(steps)} the server is killed, and away for {Away.TotalSeconds:0} s; before "
            + $"{server.PeakBytes / 1e6:0} MB");
        await server.RestartAsync(Away);
        double restarted = clock.Elapsed.TotalSeconds;
        Say(clock, "it is ready again");
        await UntilAsync(all, () => steps.Values.All(step => step.Stage != ClientStage.BackingOff));
        Say(clock, $"no client is waiting to try again, {clock.Elapsed.TotalSeconds - restarted:0.0} s after it was ready");
    }

    static async Task<ClientCertificate?[]> EnrolAsync(Uri address, string folder)
    {
        var trust = ServerTrust.FromRoot(RootOf(folder));
        string[] tokens = await File.ReadAllLinesAsync(Path.Combine(folder, ServerProcess.Invitations));
        var identities = new ClientCertificate?[tokens.Length];
        await Parallel.ForEachAsync(Enumerable.Range(0, tokens.Length), new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (client, stop) =>
            identities[client] = await ClientCertificate.EnrolAsync(address, trust,
                Path.Combine(FolderOf(folder, client), "identity"), NameOf(client), tokens[client], stop));
        return identities;
    }

    static string RootOf(string folder) => Path.Combine(folder, ServerProcess.Certificates, CertificateFolder.RootCertificate);

    static string FolderOf(string folder, int client) => Path.Combine(folder, "clients", NameOf(client));

    static int Round(ConcurrentDictionary<int, ClientProgress> steps) => steps.IsEmpty ? 0 : steps.Values.Max(step => step.Round);

    static async Task UntilAsync(Task all, Func<bool> happened)
    {
        while (!happened() && !all.IsCompleted)
            await Task.WhenAny(all, Task.Delay(Look, TimeProvider.System));
    }

    static void Say(Stopwatch clock, string text) => Console.WriteLine($"{clock.Elapsed.TotalSeconds,6:0.0} s  {text}");

    sealed class Told(Action<ClientProgress> act) : IProgress<ClientProgress>
    {
        public void Report(ClientProgress value) => act(value);
    }

    /// <summary>Adds noise to the model, which takes no time.</summary>
    sealed class NoiseLearner(ModelLayout layout) : ILearner
    {
        public ModelLayout Layout => layout;

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
        {
            var draws = new RandomDraws(task.Key.Fold("noise"));
            for (int i = 0; i < trained.Length; i++)
                trained[i] = task.Received.Span[i] + 0.01f * (float)draws.NextNormal();
            return new LocalOutcome(17, 0.5);
        }
    }
}

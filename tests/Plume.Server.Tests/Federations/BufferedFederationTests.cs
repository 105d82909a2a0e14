using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Buffering;
using Plume.Server.Federations;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.News;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Sums;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Storage;
using Plume.Simulation;

namespace Plume.Server.Tests.Federations;

/// <summary>
/// Buffered rounds on a server: the same arrivals make the same versions as in a simulation, over every restart.
/// </summary>
public sealed class BufferedFederationTests : IAsyncDisposable
{
    const int Clients = 8, Rounds = 6, Seed = 5;

    static readonly ModelLayout Layout = ModelLayout.Of([("dense.weight", [10, 20], TensorRole.Weight)]);
    static readonly BlobNames Names = new("toy");

    static readonly FederationPlan Plan = new(Clients, Rounds, 5, new LocalObjective(1, 1, 0.1),
        Codec.Parse("feedback | topk(20%) | uniform(4) | rans"), Codec.Parse("delta | deadzone(abs=0.0078125) | range"))
    {
        Buffered = new Buffered(3),
        StartWith = Clients,
        Quorum = 3,
        SampleCap = 50,
    };

    readonly string folder = Directory.CreateTempSubdirectory("plume-buffered-").FullName;
    readonly Dictionary<int, PublishedTask> tasks = [];
    readonly Dictionary<int, float[]> memories = [];
    ServerStorage? storage;
    Coordinator? coordinator;

    [Theory]
    [InlineData(99, false)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task The_same_arrivals_make_what_they_make_in_a_simulation_however_often_it_is_restarted(int restartEvery,
        bool isDamaged)
    {
        var (arrivals, published, model) = Simulated();
        Assert.Contains(arrivals.Zip(arrivals.Skip(1)), pair => pair.First.Round < pair.Second.Round);
        await OpenAsync(Plan);
        for (int sent = 0; sent < arrivals.Count; sent++)
        {
            if (sent % restartEvery == restartEvery - 1)
                await RestartAsync(isDamaged);
            var (_, client) = arrivals[sent];
            var task = await TaskOfAsync(client);
            var outcome = await SendAsync(task, published[task.Round - 1], task.Round - 1);
            Assert.True(outcome.IsCounted, outcome.Message);
        }

        await ReachAsync(snapshot => snapshot.HasEnded);
        Assert.Equal(Phase.Finished, coordinator!.Snapshot.Phase);
        var bytes = new byte[sizeof(float) * Layout.Length];
        await storage!.Blobs.ReadAsync(Names.Checkpoint(Rounds), 0, bytes, default);
        Assert.Equal(model, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        var history = (await coordinator.OverviewAsync(0, default)).History;
        Assert.Contains(history, round => round.Staleness > 0);
        Assert.All(history, round => Assert.Equal(3, round.Accepted));
    }

    [Fact]
    public async Task Who_is_too_old_hears_it_before_it_sends_a_byte_and_another_is_asked()
    {
        await OpenAsync(Plan with { Participants = 2, Quorum = 1, Buffered = new Buffered(1, 0) });
        var old = await AnyTaskAsync();
        var first = coordinator!.Snapshot.Tasks!.First(task => task.Client != old.Client);
        Assert.True((await SendAsync(first, new float[Layout.Length], 0)).IsCounted);
        await ReachAsync(snapshot => snapshot is { ModelVersion: 1, Phase: Phase.Collecting });
        Assert.Contains(old, coordinator.Snapshot.Tasks!);
        var update = UpdateOf(old, [1], 0);
        var refused = await coordinator.ConsiderAsync(update, default);
        Assert.Equal((false, nameof(Refusal.TooOld)), (refused!.IsCounted, refused.Rule));
        Assert.DoesNotContain(old, coordinator.Snapshot.Tasks!);
        Assert.Equal(2, coordinator.Snapshot.Tasks!.Length);
        await RestartAsync(isDamaged: false);
        Assert.DoesNotContain(old, coordinator.Snapshot.Tasks!);
        Assert.Equal(refused.Message, (await coordinator.ConsiderAsync(update, default))!.Message);
    }

    [Fact]
    public async Task An_operator_sees_who_is_at_work_on_which_version()
    {
        await OpenAsync(Plan);
        foreach (var task in coordinator!.Snapshot.Tasks!.Take(3).ToArray())
            await SendAsync(task, new float[Layout.Length], 0);
        await ReachAsync(snapshot => snapshot is { ModelVersion: 1, Phase: Phase.Collecting });
        var atWork = (await coordinator.OverviewAsync(0, default)).AtWork;
        Assert.Equal(5, atWork.Count);
        Assert.Equal([0, 1], atWork.Select(member => member.Version).Distinct().Order());
        Assert.All(atWork, member => Assert.StartsWith("client", member.Name, StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        if (coordinator is not null)
            await coordinator.DisposeAsync();
        (storage?.Ledger as IDisposable)?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    static (List<(int Round, int Client)> Arrivals, List<float[]> Published, float[] Model) Simulated()
    {
        var arrivals = new List<(int, int)>();
        var learner = new Drifting();
        using var simulation = new Plume.Simulation.Simulation(new SimulationOptions(Plan, Seed) { Threads = 2 }, learner,
            learner, new float[Layout.Length], TimeProvider.System, (round, client, _) => arrivals.Add((round, client)));
        var published = new List<float[]> { simulation.Published.ToArray() };
        while (simulation.NextRound() is not null)
            published.Add(simulation.Published.ToArray());
        return (arrivals, published, simulation.Model.ToArray());
    }

    async Task OpenAsync(FederationPlan plan)
    {
        var definition = new FederationDefinition("toy", plan, Seed, Layout, () => new float[Layout.Length]);
        storage ??= ServerStorage.InFolder(folder);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        coordinator = await Coordinator.OpenAsync(
            definition, storage.Ledger, storage.Blobs, published => new LocalAggregator(definition, storage.Blobs, published),
            new ServerMetrics(meters).For("toy"), TimeProvider.System, NullLogger.Instance, default);
        opened = plan;
        for (int client = 0; client < Clients; client++)
            Assert.Null((await coordinator.JoinAsync($"client {client}", client, 0, null, default)).Problem);
    }

    FederationPlan opened = Plan;

    async Task RestartAsync(bool isDamaged)
    {
        await coordinator!.DisposeAsync();
        int version = coordinator.Snapshot.ModelVersion;
        if (isDamaged && version > 0)
            await storage!.Blobs.DeleteAsync(Names.Checkpoint(version), default);
        await OpenAsync(opened);
    }

    // What it was asked may be known from before the version at hand was made: then its update comes while that is made.
    async Task<PublishedTask> TaskOfAsync(int client)
    {
        Note(coordinator!.Snapshot);
        if (!tasks.ContainsKey(client))
            await ReachAsync(snapshot => Note(snapshot).ContainsKey(client));
        return tasks[client];
    }

    async Task<PublishedTask> AnyTaskAsync()
    {
        await ReachAsync(snapshot => Note(snapshot).Count > 0);
        return tasks.Values.First();
    }

    Dictionary<int, PublishedTask> Note(FederationSnapshot snapshot)
    {
        if (snapshot.Phase != Phase.Collecting)
            return tasks;
        foreach (var task in snapshot.Tasks ?? [])
            tasks[task.Client] = task;
        return tasks;
    }

    async Task ReachAsync(Predicate<FederationSnapshot> reached)
    {
        while (!reached(coordinator!.Snapshot))
        {
            var changed = coordinator.WaitAsync(coordinator.Snapshot.Sequence, TimeSpan.FromSeconds(5), default);
            Assert.Same(changed, await Task.WhenAny(changed, coordinator.Faulted));
        }
    }

    async Task<UploadOutcome> SendAsync(PublishedTask task, float[] received, int version)
    {
        int client = task.Client;
        var participant = new Participant(new Drifting(), opened.Method, opened.Uplink);
        var memory = memories.GetValueOrDefault(client)?.ToArray()
            ?? new float[Participant.MemoryLength(new Drifting(), opened.Method, opened.Uplink)];
        var made = participant.Run(new LocalTask(task.Round, client, received, opened.ObjectiveIn(task.Round),
            DrawKeys.Task(Compression.Randomness.RandomKey.FromSeed(Seed), task.Part)), memory, default);
        var update = UpdateOf(task, made.Payload, version);
        Assert.Null(await coordinator!.ConsiderAsync(update, default));
        string name = Names.Upload(task.Round, task.Attempt, client, update.Sha256);
        await storage!.Blobs.WriteAsync(name, made.Payload, default);
        var outcome = await coordinator.ArriveAsync(update, default);
        Assert.Equal(outcome, await coordinator.ArriveAsync(update, default));
        memories[client] = made.Memory;
        tasks.Remove(client);
        return outcome;
    }

    static ArrivedUpdate UpdateOf(PublishedTask task, byte[] payload, int version) =>
        new(task.Client, task.Round, task.Attempt, version, Drifting.SamplesOf(task.Client), 0.5, payload.Length,
            Convert.ToHexStringLower(SHA256.HashData(payload)));

    /// <summary>Goes from where it is a way of its own and a little back to zero.</summary>
    sealed class Drifting : ILearner, IEvaluator
    {
        public ModelLayout Layout => BufferedFederationTests.Layout;

        public static int SamplesOf(int client) => 10 + 5 * client;

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
        {
            for (int i = 0; i < trained.Length; i++)
                trained[i] = 0.75f * task.Received.Span[i] + (float)task.Key.Uniform((ulong)i) + task.Client;
            return new LocalOutcome(SamplesOf(task.Client), 0.5);
        }

        public Evaluation Evaluate(ReadOnlyMemory<float> model, CancellationToken cancellation) => new(0.5, 1, 1);
    }
}

using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Budgets;
using Plume.Federation.Models;
using Plume.Federation.Privacy;
using Plume.Federation.Rounds;
using Plume.Server.Federations;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Sums;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Storage;
using LocalObjective = Plume.Federation.Learners.LocalObjective;

namespace Plume.Server.Tests.Federations;

/// <summary>A federation of two clients and four rounds in a folder, whose updates are the same in every play.</summary>
sealed class PlayedFederation(string folder, DifferentialPrivacy? privacy = null, int? participants = null,
    ByteBudget? budget = null) : IAsyncDisposable
{
    public const int Rounds = 4, Clients = 2;

    readonly int asked = participants ?? Clients;

    static readonly ModelLayout Layout = ModelLayout.Of([("dense.weight", [10, 20], TensorRole.Weight)]);

    ServerStorage? storage;
    Coordinator? coordinator;

    public static byte[] Graph { get; } = [1, 2, 3, .. new byte[5000]];

    public ServerStorage Storage => storage!;

    public Coordinator Coordinator => coordinator!;

    public ByteBudget? Budget => budget;

    /// <summary>Opens what the folder has, as a server that starts does.</summary>
    public async Task OpenAsync()
    {
        var plan = new FederationPlan(Clients, Rounds, asked, new LocalObjective(1, 8, 0.1), privacy is null ? Codec.Floats
            : Codec.Parse("clip(1) | pack"), Codec.Floats)
        { StartWith = Clients, Quorum = asked, Privacy = privacy, Budget = budget };
        var definition = new FederationDefinition("toy", plan, Seed: 1, Layout, () => new float[Layout.Length])
        {
            Graph = () => Graph,
        };
        storage ??= ServerStorage.InFolder(folder);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        coordinator = await Coordinator.OpenAsync(
            definition, storage.Ledger, storage.Blobs, published => new LocalAggregator(definition, storage.Blobs, published),
            new ServerMetrics(meters).For("toy"), TimeProvider.System, NullLogger.Instance, default);
    }

    /// <summary>Sends so many updates, in order, again where they were sent before and all clients are asked; all must
    /// count.</summary>
    public async Task PlayAsync(int? updates = null)
    {
        foreach (string name in (string[])["one", "two"])
            await coordinator!.JoinAsync(name, null, 0, null, default);
        for (int place = 0; place < (updates ?? Rounds * asked); place++)
        {
            int round = 1 + place / asked;
            await ReachAsync(round - 1);
            var now = coordinator!.Snapshot;
            if (asked == Clients)
                await SendAsync(round, place % asked);
            else if (round > now.ModelVersion)
                await SendAskedAsync(round, now.Participants[place % asked]);
        }
    }

    /// <summary>The clients that were asked and answered, in order, where not all are asked.</summary>
    public List<int> Asked { get; } = [];

    /// <summary>Waits until a version is there.</summary>
    public async Task ReachAsync(int version)
    {
        while (coordinator!.Snapshot.ModelVersion < version)
        {
            var changed = coordinator.WaitAsync(coordinator.Snapshot.Sequence, TimeSpan.FromSeconds(5), default);
            if (await Task.WhenAny(changed, coordinator.Faulted) == coordinator.Faulted)
                throw new FencedException("The owner leaves.");
            await changed;
        }
    }

    /// <summary>SHA-256 of the last checkpoint, or of that of another version.</summary>
    public async Task<string> CheckpointAsync(int version = Rounds) =>
        (await storage!.Blobs.Sha256Async(new BlobNames("toy").Checkpoint(version), default))!;

    public async Task CloseAsync()
    {
        if (coordinator is not null)
            await coordinator.DisposeAsync();
        (storage?.Ledger as IDisposable)?.Dispose();
        (coordinator, storage) = (null, null);
    }

    public async Task LeaveAsync() => await coordinator!.DisposeAsync();

    public async ValueTask DisposeAsync() => await CloseAsync();

    Task SendAskedAsync(int round, int client)
    {
        Asked.Add(client);
        return SendAsync(round, client);
    }

    async Task SendAsync(int round, int client)
    {
        await ReachAsync(round - 1);
        float[] values = [.. Enumerable.Range(0, Layout.Length).Select(place => 0.001f * place + round - 0.25f * client)];
        var payload = new PayloadEncoder(ReceivedModel.Whole, Layout).Encode(values, default);
        string hash = Convert.ToHexStringLower(SHA256.HashData(payload.Span));
        var update = new ArrivedUpdate(client, round, 1, round - 1, 10 + client, 0.5, payload.Length, hash, IsFloats: true);
        string name = new BlobNames("toy").Upload(round, 1, client, hash);
        if (await coordinator!.ConsiderAsync(update, default) is { } known)
        {
            Assert.True(known.IsCounted, known.Message);
            return;
        }

        await storage!.Blobs.AppendAsync($"{name}.part", 0, payload, default);
        await storage.Blobs.MoveAsync($"{name}.part", name, default);
        var outcome = await coordinator.ArriveAsync(update, default);
        Assert.True(outcome.IsCounted, outcome.Message);
    }
}

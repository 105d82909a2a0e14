using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Privacy;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Federation.SecureSums;
using Plume.Server.Federations;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Secure;
using Plume.Server.Federations.Sums;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Storage;

namespace Plume.Server.Tests.Federations.Secure;

/// <summary>
/// A federation of six clients, or of nine in groups, whose updates are added up in secret, and the same in every play. Clients
/// make their trips by hand, and time passes as it is told.
/// </summary>
sealed class SecureFederation : IAsyncDisposable
{
    public const int Clients = 6, InGroups = 9;

    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    static readonly ModelLayout Layout = ModelLayout.Of([("dense.weight", [10, 20], TensorRole.Weight)]);

    static FederationPlan PlanOf(DifferentialPrivacy? privacy, int clients, string rule) => new(clients, Rounds: 2, clients,
        new LocalObjective(1, 8, 0.1),
        Codec.Parse($"{(privacy is null ? "" : "clip(0.1) | ")}rotate | uniform(6, shared) | secure"), Codec.Floats)
    {
        StartWith = clients,
        Quorum = clients == Clients ? 4 : 6,
        Deadline = Deadline,
        Privacy = privacy,
        Rule = RobustNotation.Parse(rule),
    };

    readonly FederationDefinition definition;
    readonly Dictionary<(RoundPart, float), byte[]> payloads = [];
    readonly Dictionary<int, SumClient> clients = [];
    readonly Dictionary<int, byte[]> told = [];
    readonly Dictionary<(SumPhase, int), byte[]> sent = [];
    readonly string folder = Directory.CreateTempSubdirectory("plume-secure-").FullName;
    SecureRound[] rounds = [];
    ServerStorage? storage;

    // What clients of a server with TLS call with.
    static readonly Lazy<X509Certificate2[]> Certificates = new(() => [.. Enumerable.Range(0, InGroups).Select(Certificate)]);

    readonly bool isSigned;

    SecureFederation(FederationPlan plan, bool isSigned) =>
        (this.isSigned, definition) = (isSigned, new("toy", plan, Seed: 1, Layout, () => new float[Layout.Length]));

    FederationPlan Plan => definition.Plan;

    public JumpingTime Time { get; } = new();

    public Coordinator Coordinator { get; private set; } = null!;

    /// <summary>Everything that the server has written.</summary>
    public string Folder => folder;

    /// <summary>One that stands where six clients were asked for their keys.</summary>
    /// <param name="privacy">What clients add noise for; null for none.</param>
    /// <param name="isSigned">Whether clients sign.</param>
    /// <param name="rule">A rule on groups, and there are nine clients.</param>
    public static async Task<SecureFederation> BeginAsync(DifferentialPrivacy? privacy = null, bool isSigned = false,
        string rule = RobustNotation.Mean)
    {
        var federation = new SecureFederation(PlanOf(privacy, rule == RobustNotation.Mean ? Clients : InGroups, rule), isSigned);
        await federation.OpenAsync();
        for (int client = 0; client < federation.Plan.Clients; client++)
            await federation.Coordinator.JoinAsync($"client-{client}", client, 0, null, default);
        federation.EnterSession();
        return federation;
    }

    /// <summary>Opens what the folder has, as a server that starts does.</summary>
    public async Task OpenAsync()
    {
        storage = ServerStorage.InFolder(folder);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        Coordinator = await Coordinator.OpenAsync(definition, storage.Ledger, storage.Blobs,
            published => new LocalAggregator(definition, storage.Blobs, published), new ServerMetrics(meters).For("toy"), Time,
            NullLogger.Instance, default, isSigned);
    }

    /// <summary>All clients begin anew in the session at hand, with other secrets for the same updates.</summary>
    public void EnterSession()
    {
        var now = Coordinator.Snapshot;
        var plan = new RoundPlan(now.Round, now.Attempt, now.ModelVersion, now.Participants, now.Deadline);
        rounds = [.. SecureTask.AllOf(Plan, definition.Key, plan, now.Sum!.Step)
            .Select(task => task with { Session = now.Sum.Session, IsSigned = now.Sum.IsSigned })
            .Select(task => new SecureRound(task, Plan.Method, Plan.Uplink, Layout, new float[Layout.Length]))];
        for (int client = 0; client < Plan.Clients; client++)
            clients[client] = new SumClient(RoundOf(client).Terms, client, RandomNumberGenerator.Create(), IdentityOf(client));
    }

    // Also of one that is not asked.
    SecureRound RoundOf(int client) =>
        rounds.FirstOrDefault(round => round.Task.Participants.Contains(client)) ?? rounds[0];

    /// <summary>The groups of the attempt at hand.</summary>
    public IReadOnlyList<int[]> Groups => [.. rounds.Select(round => round.Task.Participants.ToArray())];

    PinnedIdentity? IdentityOf(int client) => !isSigned ? null
        : new PinnedIdentity(Certificates.Value[client].GetECDsaPrivateKey()!, Certificates.Value.Index().ToDictionary(
            each => each.Index, each => (ReadOnlyMemory<byte>)each.Item.PublicKey.ExportSubjectPublicKeyInfo()));

    static X509Certificate2 Certificate(int client)
    {
        var request = new CertificateRequest($"CN=client-{client}", ECDsa.Create(ECCurve.NamedCurves.nistP256),
            HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    /// <summary>Plays the first round, in which a client may vanish before a trip.</summary>
    public async Task PlayAsync(int lost = -1, SumPhase before = SumPhase.Done)
    {
        foreach (var trip in Trips)
        {
            int[] there = [.. Enumerable.Range(0, Plan.Clients).Where(client => client != lost || trip < before)];
            await MakeAsync(trip, there);
            if (trip == before && trip < SumPhase.Consistency)
                await PassAsync(trip == SumPhase.Keys ? 0.7 : 0.1);
        }

        await ReachAsync(1);
    }

    IEnumerable<SumPhase> Trips => Enumerable.Range(0, (int)SumPhase.Done).Select(trip => (SumPhase)trip)
        .Where(trip => isSigned || trip != SumPhase.Consistency);

    /// <summary>Some clients make a trip, once they were told what the one before came to.</summary>
    public async Task MakeAsync(SumPhase trip, params int[] there)
    {
        foreach (int client in there)
        {
            if (trip > SumPhase.Keys)
                told[client] = await ToldAsync(client, Trips.Last(before => before < trip));
            if (told.TryGetValue(client, out byte[]? heard) && heard.Length == 0)
                continue;
            var answer = await SendAsync(client, trip, Message(trip, client));
            Assert.True(answer.Kind is SumAnswerKind.Open or SumAnswerKind.Told or SumAnswerKind.Counted, $"{trip}: {answer}");
        }
    }

    /// <summary>What a client has sent for a trip.</summary>
    public byte[] Sent(SumPhase trip, int client) => sent[(trip, client)];

    /// <summary>What a client sends for a trip.</summary>
    public byte[] Message(SumPhase trip, int client) => sent[(trip, client)] = trip switch
    {
        SumPhase.Keys => clients[client].AnnounceKeys(),
        SumPhase.Shares => clients[client].Share(told[client]),
        SumPhase.Masked => clients[client].Mask(told[client], Words(client)),
        SumPhase.Consistency => clients[client].SignContributors(told[client]),
        _ => clients[client].Unmask(told[client]),
    };

    /// <summary>Sends a client's message, or asks what the trip came to.</summary>
    public Task<SumAnswer> SendAsync(int client, SumPhase trip, byte[]? bytes, long? session = null) =>
        Coordinator.AnswerAsync(new SumMessage(client, rounds[0].Task.Round, rounds[0].Task.Attempt,
            session ?? rounds[0].Task.Session, trip, bytes)
        {
            Certificate = isSigned ? Certificates.Value[client].RawData : null,
        }, default);

    /// <summary>Lets a share of the round's deadline pass.</summary>
    public async Task PassAsync(double share)
    {
        Time.Pass(share * Deadline + TimeSpan.FromSeconds(1));
        await Coordinator.TickAsync(default);
    }

    /// <summary>Waits until a version is there.</summary>
    public async Task ReachAsync(int version)
    {
        while (Coordinator.Snapshot.ModelVersion < version)
            await Coordinator.WaitAsync(Coordinator.Snapshot.Sequence, TimeSpan.FromSeconds(5), default);
    }

    /// <summary>What a client is told when a trip is over; nothing where the sum is known without it.</summary>
    public async Task<byte[]> ToldAsync(int client, SumPhase trip)
    {
        while (true)
        {
            var sequence = Coordinator.Snapshot.Sequence;
            var answer = await SendAsync(client, trip, null);
            if (answer.Kind == SumAnswerKind.Told)
                return answer.Told;
            if (answer.Kind == SumAnswerKind.Counted)
                return [];
            Assert.Equal(SumAnswerKind.Open, answer.Kind);
            await Coordinator.WaitAsync(sequence, TimeSpan.FromSeconds(5), default);
        }
    }

    /// <summary>SHA-256 of a checkpoint.</summary>
    public async Task<string?> CheckpointAsync(int version) =>
        await storage!.Blobs.Sha256Async(new BlobNames("toy").Checkpoint(version), default);

    /// <summary>What a client's words are before they are masked; its noise is drawn once, as a client does.</summary>
    public uint[] Words(int client)
    {
        var round = RoundOf(client);
        var encoder = new MessageEncoder(Plan.Method.Answer(Layout, round.Uplink));
        float[] update = [.. Enumerable.Range(0, Layout.Length).Select(place => 0.01f * MathF.Sin(place * (client + 1)))];
        var part = (new RoundPart(round.Task.Round, round.Task.Attempt, client), round.Task.Step);
        if (!payloads.TryGetValue(part, out byte[]? payload))
            payloads[part] = payload = round.WithNoise(encoder.Encode(update, round.Shared).ToArray(),
                RandomNumberGenerator.GetBytes(32));
        return round.WordsOf(payload, round.Task.WeightOf(10), loss: client);
    }

    /// <summary>The mean that the plain sum of clients' words tells.</summary>
    public float[] Mean(params int[] clients)
    {
        var round = RoundOf(clients[0]);
        var sum = new uint[round.Terms.Shape.Words];
        foreach (int client in clients)
            System.Numerics.Tensors.TensorPrimitives.Add(sum, Words(client), sum);
        round.Terms.Shape.Reduce(sum);
        var revealed = round.Reveal(sum, clients.Length);
        return [.. revealed.Values.Select(value => (float)(value / revealed.Weight))];
    }

    /// <summary>The model of a version, which begins with its checkpoint.</summary>
    public async Task<float[]> ModelAsync(int version)
    {
        byte[] bytes = new byte[sizeof(float) * Layout.Length];
        await storage!.Blobs.ReadAsync(new BlobNames("toy").Checkpoint(version), 0, bytes, default);
        return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }

    /// <summary>The server goes; what it has written stays.</summary>
    public async Task CloseAsync()
    {
        await Coordinator.DisposeAsync();
        (storage!.Ledger as IDisposable)?.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        foreach (var client in clients.Values)
            client.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}

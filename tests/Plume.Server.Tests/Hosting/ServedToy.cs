using Plume.Compression.Codecs;
using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Plume.Client;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Protocol.V1;
using Plume.Server.Federations.Definitions;
using Plume.Server.Hosting;
using Plume.Server.Identity.Admission;
using Plume.Server.Storage;
using LocalObjective = Plume.Federation.Learners.LocalObjective;

namespace Plume.Server.Tests.Hosting;

/// <summary>A whole server of one small federation of two rounds, in a folder of its own, without TLS.</summary>
sealed class ServedToy : IAsyncDisposable
{
    public const string Federation = "toy";

    readonly string folder = Directory.CreateTempSubdirectory("plume-toy-").FullName;
    readonly List<GrpcChannel> channels = [];
    ServerStorage storage = null!;

    /// <summary>A graph whose weights are zeros.</summary>
    public static byte[] Graph { get; } = [1, 2, 3, .. new byte[100_000]];

    public static Metadata Operator => new() { { "plume-client", "operator" } };

    public WebApplication App { get; private set; } = null!;

    public int Rounds { get; init; } = 2;

    /// <summary>The model's tensors.</summary>
    public ModelLayout Own { get; init; } = Layout;

    public Operation.OperationClient Operation => new(Channel());

    /// <summary>Starts the server, or another one on what the last one left.</summary>
    /// <param name="startWith">Clients that must have joined before the first round.</param>
    /// <param name="wrap">Puts something before the server's ledger.</param>
    /// <param name="wrapBlobs">Puts something before its blobs.</param>
    /// <param name="participants">Clients that a round asks.</param>
    /// <param name="limits">What clients may take.</param>
    /// <param name="log">Hears its log.</param>
    /// <param name="sampleCap">Most samples that an update can weigh; null for one weight for all.</param>
    /// <param name="teaching">Whom clients learn from.</param>
    /// <param name="downlink">How models travel; as floats where null.</param>
    public async Task StartAsync(int startWith = 1, Func<ILedger, ILedger>? wrap = null, Func<IBlobs, IBlobs>? wrapBlobs = null,
        int participants = 1, ServerLimits? limits = null, ILoggerProvider? log = null, int? sampleCap = null,
        Teaching? teaching = null, Codec? downlink = null)
    {
        var plan = new FederationPlan(Clients: 4, Rounds, participants, new LocalObjective(1, 8, 0.1) { Teaching = teaching },
            Codec.Floats, downlink ?? Codec.Floats)
        { StartWith = startWith, SampleCap = sampleCap };
        var definition = new FederationDefinition(Federation, plan, Seed: 1, Own, () => new float[Own.Length])
        {
            Graph = () => Graph,
        };
        storage = ServerStorage.InFolder(Path.Combine(folder, "state"));
        var options = new ServerOptions([definition],
            storage with
            {
                Ledger = wrap?.Invoke(storage.Ledger) ?? storage.Ledger,
                Blobs = wrapBlobs?.Invoke(storage.Blobs)
                ?? storage.Blobs
            })
        { Listen = new IPEndPoint(IPAddress.Loopback, 0), Limits = limits ?? new ServerLimits() };
        App = PlumeServer.Build(options, log is null ? null : logging => logging.AddProvider(log));
        await App.StartAsync();
    }

    public Task<JoinResult> JoinAsync(string name, Action<ClientProgress>? hear = null, float adds = 1, int samples = 10,
        int? number = null, Uri? through = null) =>
        FederatedClient.JoinAsync(Client(name, hear) with { Number = number, Server = through ?? new Uri(App.Urls.First()) },
            _ => new Adds(Own, adds, samples));

    /// <summary>The same for a client that can do no task.</summary>
    public Task<JoinResult> JoinWithoutDataAsync(string name) =>
        FederatedClient.JoinAsync(Client(name, hear: null), _ => new Fails());

    /// <summary>The same for a client that makes its learner of the federation's graph.</summary>
    public Task<JoinResult> JoinByGraphAsync(string name, Action<ClientProgress> hear, Action<byte[]> see) =>
        FederatedClient.JoinAsync(Client(name, hear) with { NeedsGraph = true }, terms =>
    {
        see(terms.Graph.ToArray());
        return new Adds(Layout, 1);
    });

    /// <summary>A client's calls by hand; each has a connection of its own.</summary>
    public Protocol.V1.Federation.FederationClient Calls() => new(Channel());

    /// <summary>A client that waits for work by the time that this returns.</summary>
    public async Task<Task<JoinResult>> JoinAndWaitAsync(string name)
    {
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var joined = JoinAsync(name, step =>
        {
            if (step.Stage == ClientStage.Waiting)
                waits.TrySetResult();
        });
        await Task.WhenAny(waits.Task, joined);
        return joined;
    }

    /// <summary>Watches the federation until its status is this.</summary>
    public async Task<FederationStatus> WatchAsync(Predicate<FederationStatus> isThis)
    {
        using var watch = Operation.Watch(new StatusRequest { Federation = Federation }, Operator);
        await foreach (var status in watch.ResponseStream.ReadAllAsync())
        {
            if (isThis(status))
                return status;
        }

        throw new InvalidOperationException("The federation has ended otherwise.");
    }

    /// <summary>Ends the server; what it kept stays.</summary>
    public async Task EndAsync()
    {
        // What goes on in the background ends with a stop, not with the disposal alone.
        await App.StopAsync();
        await App.DisposeAsync();
        ((IDisposable)storage.Ledger).Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in channels)
            channel.Dispose();
        await EndAsync();
        Directory.Delete(folder, recursive: true);
    }

    public static ModelLayout Layout => ModelLayout.Of([("dense.weight", [1, 6], TensorRole.Weight)]);

    ClientOptions Client(string name, Action<ClientProgress>? hear) => new()
    {
        Server = new Uri(App.Urls.First()),
        Federation = Federation,
        Name = name,
        Folder = Path.Combine(folder, name),
        Progress = new Ear(hear),
    };

    GrpcChannel Channel()
    {
        var channel = GrpcChannel.ForAddress(App.Urls.First());
        channels.Add(channel);
        return channel;
    }

    sealed class Ear(Action<ClientProgress>? hear) : IProgress<ClientProgress>
    {
        public void Report(ClientProgress value) => hear?.Invoke(value);
    }

    sealed class Fails : ILearner
    {
        public ModelLayout Layout => ServedToy.Layout;

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation) =>
            throw new InvalidDataException("There is no data.\nThis line is for nobody.");
    }
}

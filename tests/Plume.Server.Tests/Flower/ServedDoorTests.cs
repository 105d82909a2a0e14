using Plume.Compression.Codecs;
using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Plume.Client;
using Plume.Client.Identity;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Federation.Rounds;
using Plume.Protocol.Flower;
using Plume.Protocol.V1;
using Plume.Server.Federations.Definitions;
using Plume.Server.Flower;
using Plume.Server.Flower.Messages;
using Plume.Server.Hosting;
using Plume.Server.Identity;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;
using Plume.Server.Storage;
using Plume.Server.Tests.Hosting;
using LocalObjective = Plume.Federation.Learners.LocalObjective;
using Status = Plume.Protocol.Flower.Status;

namespace Plume.Server.Tests.Flower;

/// <summary>The door of a whole server, whose own clients and operators must say who they are.</summary>
public sealed class ServedDoorTests : IAsyncDisposable
{
    const string Name = "mixed";
    const int Rounds = 2, Cap = 10;

    static readonly ModelLayout Layout = DoorHost.SmallLayout;

    readonly string folder = Directory.CreateTempSubdirectory("plume-door-").FullName;
    readonly List<IDisposable> opened = [];
    WebApplication app = null!;
    X509Certificate2? root;

    [Theory]
    [InlineData(false, Cap)]
    [InlineData(true, Cap)]
    [InlineData(false, 4 * Cap)]
    [InlineData(false, int.MaxValue)]
    public async Task Flower_clients_take_part_in_the_rounds_of_clients_that_say_who_they_are(bool tls, int examples)
    {
        await StartAsync(tls);
        var ours = FederatedClient.JoinAsync(await OursAsync(tls), _ => new Adds(Layout, 3));
        using var peer = new FlowerPeer(new FlowerService.FlowerServiceClient(Channel(DoorPort)));

        for (int round = 1; round <= Rounds; round++)
        {
            var fit = (await peer.ReceiveAsync()).FitIns;
            await peer.AnswerAsync(new ClientMessage.Types.FitRes
            {
                Status = new Status { Code = Code.Ok },
                Parameters = Filled(ValueOf(fit) + 1),
                NumExamples = examples
            });
        }

        Assert.Equal(ServerMessage.MsgOneofCase.ReconnectIns, (await peer.ReceiveAsync()).MsgCase);
        var joined = await ours;
        Assert.True(joined.IsFinished, joined.Message);
        // One client of ten samples, or more than can count, moves by 1, the other by 3.
        Assert.All(joined.Model.ToArray(), value => Assert.Equal(2 * Rounds, value, 1e-3));
    }

    [Fact]
    public async Task A_flower_client_whose_place_an_operator_takes_is_told_and_can_join_again()
    {
        await StartAsync(tls: false);
        var federation = app.Services.GetRequiredService<IFlowerFederation>();
        using var peer = new FlowerPeer(new FlowerService.FlowerServiceClient(Channel(DoorPort)), "Site");
        var operation = new Operation.OperationClient(Channel(MainPort));
        var who = new Metadata { { "plume-client", "operator" } };
        PlacesReply places;
        do
            places = await operation.PlacesAsync(new PlacesRequest { Federation = Name }, who);
        while (places.Places.Count == 0);
        Assert.Equal((0u, "flower/id/site"), (places.Places[0].Number, places.Places[0].Name));
        await operation.ReleaseAsync(new ReleaseRequest { Federation = Name, Name = "flower/id/site" }, who);
        var refusal = await peer.RefusalAsync();
        Assert.Equal((StatusCode.FailedPrecondition, "The client has its place in the federation no longer. Join again."),
            (refusal.StatusCode, refusal.Detail));

        Assert.Equal(0, (await federation.JoinAsync("flower/id/other", default)).Client);
        Assert.Equal(1, (await federation.JoinAsync("flower/id/site", default)).Client);
    }

    [Fact]
    public async Task Every_model_that_a_flower_client_takes_in_is_counted()
    {
        await StartAsync(tls: false);
        long down = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Name == "plume.payload.io"
                && ReferenceEquals(instrument.Meter.Scope, app.Services.GetRequiredService<IMeterFactory>()))
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, bytes, tags, _) =>
            Interlocked.Add(ref down, tags.ToArray().Any(tag => Equals(tag.Value, "downlink")) ? bytes : 0));
        listener.Start();

        await Task.WhenAll(TakePartAsync(), TakePartAsync());

        Assert.Equal(2 * Rounds * sizeof(float) * Layout.Length, Interlocked.Read(ref down));

        async Task TakePartAsync()
        {
            using var peer = new FlowerPeer(new FlowerService.FlowerServiceClient(Channel(DoorPort)));
            for (var message = await peer.ReceiveAsync(); message.MsgCase == ServerMessage.MsgOneofCase.FitIns;
                message = await peer.ReceiveAsync())
                await peer.AnswerAsync(new ClientMessage.Types.FitRes
                {
                    Status = new Status { Code = Code.Ok },
                    Parameters = Filled(ValueOf(message.FitIns) + 1),
                    NumExamples = Cap
                });
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_address_serves_its_own_calls_only(bool tls)
    {
        await StartAsync(tls);

        using var astray = new FlowerPeer(new FlowerService.FlowerServiceClient(Channel(MainPort)));
        Assert.Equal(StatusCode.Unimplemented, (await astray.RefusalAsync()).StatusCode);
        var atDoor = new Operation.OperationClient(Channel(DoorPort));
        var refusal = await Assert.ThrowsAsync<RpcException>(() =>
            atDoor.StopAsync(new ControlRequest { Federation = Name },
                new Metadata { { "plume-client", "operator" } }).ResponseAsync);
        Assert.Equal(StatusCode.Unimplemented, refusal.StatusCode);
        var nameless = new Operation.OperationClient(Channel(MainPort));
        refusal = await Assert.ThrowsAsync<RpcException>(() =>
            nameless.StopAsync(new ControlRequest { Federation = Name }).ResponseAsync);
        Assert.Equal(StatusCode.Unauthenticated, refusal.StatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var each in opened)
            each.Dispose();
        if (app is not null)
            await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    int DoorPort => app.Services.GetRequiredService<FlowerAddress>().Bound.Port;

    int MainPort => app.Urls.Select(url => new Uri(url).Port).First(port => port != DoorPort);

    string Scheme => root is null ? "http" : "https";

    async Task StartAsync(bool tls)
    {
        var anyPort = new IPEndPoint(IPAddress.Loopback, 0);
        var plan = new FederationPlan(Clients: 2, Rounds, Participants: 2, new LocalObjective(1, 8, 0.1),
            Codec.Parse("uniform(8) | rans"),
            Codec.Floats)
        { Quorum = 2, StartWith = 2, NormBound = null, SampleCap = Cap };
        var options = new ServerOptions([new FederationDefinition(Name, plan, Seed: 1, Layout, () => new float[Layout.Length])],
            ServerStorage.InFolder(Path.Combine(folder, "state")))
        { Listen = anyPort };
        if (tls)
        {
            string certificates = Path.Combine(folder, "certs");
            CertificateFolder.Initialise(certificates, ["127.0.0.1"], TimeProvider.System);
            var authority = CertificateFolder.LoadAuthority(certificates, TimeProvider.System);
            var shown = CertificateFolder.LoadServer(certificates);
            opened.AddRange([authority, shown]);
            root = authority.Root;
            options = options with { Tls = new ServerTls(shown, [], authority) };
        }

        app = PlumeServer.Build(options with
        { Flower = new FlowerOptions { Listen = anyPort, Certificate = options.Tls?.Certificate } });
        await app.StartAsync();
    }

    async Task<ClientOptions> OursAsync(bool tls)
    {
        var options = new ClientOptions
        {
            Server = new Uri($"{Scheme}://127.0.0.1:{MainPort}"),
            Federation = Name,
            Name = "ours",
            Folder = Path.Combine(folder, "ours"),
        };
        if (!tls)
            return options;
        string token = await app.Services.GetRequiredService<EnrolmentTokens>()
            .IssueAsync(options.Name, Roles.Client, [Name], TimeSpan.FromHours(1), CancellationToken.None);
        string rootFile = Path.Combine(folder, "certs", CertificateFolder.RootCertificate);
        var identity = await ClientCertificate.EnrolAsync(options.Server, ServerTrust.FromRoot(rootFile),
            Path.Combine(folder, "identity"), options.Name, token, CancellationToken.None);
        return options with { RootFile = rootFile, Identity = identity };
    }

    // The host of the certificate does not matter here; which root it is of does.
    GrpcChannel Channel(int port)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.Issuer == root?.Subject;
        var channel = GrpcChannel.ForAddress($"{Scheme}://127.0.0.1:{port}",
            new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        opened.Add(channel);
        return channel;
    }

    static Parameters Filled(float value)
    {
        var parameters = new Parameters { TensorType = FlowerModels.ArrayType };
        foreach (var tensor in Layout.Tensors)
        {
            float[] values = new float[tensor.Length];
            Array.Fill(values, value);
            parameters.Tensors.Add(ByteString.CopyFrom(NpyFile.Serialize(values, [.. tensor.Shape])));
        }

        return parameters;
    }

    static float ValueOf(ServerMessage.Types.FitIns fit) =>
        BitConverter.ToSingle(fit.Parameters.Tensors[0].Span[^sizeof(float)..]);
}

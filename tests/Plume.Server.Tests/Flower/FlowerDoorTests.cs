using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Plume.Compression.Weights;
using Plume.Server.Flower;

namespace Plume.Server.Tests.Flower;

public sealed class FlowerDoorTests
{
    static FlowerOptions Options(string address, X509Certificate2? certificate = null) => new()
    {
        Listen = IPEndPoint.Parse(address),
        Certificate = certificate,
    };

    [Fact]
    public async Task Clients_are_called_by_their_addresses_and_the_lowest_free_number()
    {
        await using var host = await DoorHost.StartAsync();
        var (first, one) = await host.JoinAsync();
        var (_, two) = await host.JoinAsync();
        first.Dispose();
        await host.Federation.NextAsync<FakeFederation.Left>();
        await host.Log.WaitForAsync("flower/peer/127.0.0.1/1 left");
        var (_, again) = await host.JoinAsync();
        Assert.Equal(["flower/peer/127.0.0.1/1", "flower/peer/127.0.0.1/2", "flower/peer/127.0.0.1/1"],
            [one.Name, two.Name, again.Name]);
        Assert.Equal((0, 1, 0), (one.Client, two.Client, again.Client));
    }

    [Fact]
    public async Task Clients_that_say_what_they_are_called_keep_their_place()
    {
        await using var host = await DoorHost.StartAsync();
        var (north, one) = await host.JoinAsync("Site-North");
        var (_, two) = await host.JoinAsync("site.2");
        using var twin = new FlowerPeer(host.Client(), "site-NORTH");
        var refusal = await twin.RefusalAsync();
        Assert.Equal((StatusCode.ResourceExhausted,
            "A client with the client-id 'site-NORTH' is there already. Come back when it has gone, or under another."),
            (refusal.StatusCode, refusal.Detail));

        north.Dispose();
        await host.Federation.NextAsync<FakeFederation.Left>();
        await host.Log.WaitForAsync("flower/id/site-north left");
        var (_, again) = await host.JoinAsync("site-north");
        Assert.Equal([("flower/id/site-north", 0), ("flower/id/site.2", 1), ("flower/id/site-north", 0)],
            [(one.Name, one.Client), (two.Name, two.Client), (again.Name, again.Client)]);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData(".hidden")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789")]
    public async Task A_name_that_could_be_something_else_is_refused(string id)
    {
        await using var host = await DoorHost.StartAsync();
        using var peer = new FlowerPeer(host.Client(), id);
        Assert.Equal(StatusCode.InvalidArgument, (await peer.RefusalAsync()).StatusCode);
    }

    [Fact]
    public async Task More_clients_than_the_door_or_the_federation_takes_are_refused()
    {
        await using var host = await DoorHost.StartAsync(change: options => options with { MaximumClients = 2 }, places: 1);
        await host.JoinAsync();
        using var second = new FlowerPeer(host.Client());
        var refusal = await second.RefusalAsync();
        Assert.Equal((StatusCode.ResourceExhausted, "All 1 places are taken."), (refusal.StatusCode, refusal.Detail));

        await using var narrow = await DoorHost.StartAsync(change: options => options with { MaximumClients = 1 });
        await narrow.JoinAsync();
        using var third = new FlowerPeer(narrow.Client());
        Assert.StartsWith("The Flower door lets in 1 clients at a time", (await third.RefusalAsync()).Detail,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flowers_stream_is_served_at_its_door_only_and_nothing_else_there()
    {
        await using var host = await DoorHost.StartAsync();
        using var http = new HttpClient
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        Assert.Equal("elsewhere", await http.GetStringAsync($"http://127.0.0.1:{host.OtherPort}/other"));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync($"http://127.0.0.1:{host.Port}/other")).StatusCode);
        using var peer = new FlowerPeer(host.Client(port: host.OtherPort));
        Assert.Equal(StatusCode.Unimplemented, (await peer.RefusalAsync()).StatusCode);
    }

    [Fact]
    public async Task The_open_door_is_warned_of()
    {
        await using var host = await DoorHost.StartAsync();
        await host.Log.WaitForAsync(
            $"Warning Plume.Server.Flower.FlowerBridge: The Flower door is open at 127.0.0.1:{host.Port}. It asks no client "
                + $"who it is");
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Models_are_compressed_where_the_door_does_and_the_client_takes_that(bool gives, bool takes)
    {
        var layout = ModelLayout.Of([("weight", [1000, 100], TensorRole.Weight)]);
        await using var host = await DoorHost.StartAsync(layout, options => options with { Gzip = gives });
        using var wire = new Wire(takes);
        using var peer = new FlowerPeer(host.Client(new GrpcChannelOptions { HttpHandler = wire }));
        var joined = await host.Federation.NextAsync<FakeFederation.Joined>();
        host.Federation.Give(joined.Client, host.Task(1, new float[layout.Length]));
        Assert.Equal(400_128, (await peer.ReceiveAsync()).FitIns.Parameters.Tensors[0].Length);
        Assert.Equal(gives && takes ? "gzip" : null, wire.Encoding);
    }

    [Fact]
    public async Task The_door_may_have_a_certificate()
    {
        using var certificate = SelfSigned();
        await using var host = await DoorHost.StartAsync(change: options => options with { Certificate = certificate });
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) =>
            shown?.GetCertHashString() == certificate.GetCertHashString();
        using var peer = new FlowerPeer(host.Client(new GrpcChannelOptions { HttpHandler = handler }, scheme: "https"));
        Assert.Equal(0, (await host.Federation.NextAsync<FakeFederation.Joined>()).Client);
    }

    [Fact]
    public void Options_must_not_leave_the_door_open_to_a_network_without_a_certificate()
    {
        using var certificate = SelfSigned();
        using var keyless = X509CertificateLoader.LoadCertificate(certificate.RawData);
        Assert.Empty(Options("127.0.0.1:8080").Problems());
        Assert.Empty(Options("[::1]:8080").Problems());
        Assert.Empty(Options("0.0.0.0:8080", certificate).Problems());
        Assert.Equal(["The Flower door must listen on loopback or have a certificate, but 0.0.0.0:8080 is neither: listen on "
            + "127.0.0.1, or name a certificate with its key."], Options("0.0.0.0:8080").Problems());
        Assert.Contains("must have its private key", Assert.Single(Options("10.0.0.1:1", keyless).Problems()),
            StringComparison.Ordinal);
        Assert.Equal(2, (Options("127.0.0.1:0") with { MaximumClients = 0, ComeBackAfter = TimeSpan.Zero }).Problems().Count());
    }

    [Fact]
    public async Task A_door_with_bad_options_is_not_built() =>
        await Assert.ThrowsAsync<ArgumentException>(() =>
            DoorHost.StartAsync(change: options => options with { MaximumClients = 0 }));

    static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    /// <summary>Sees the encoding of answers, and may say that the client takes none.</summary>
    sealed class Wire(bool takesGzip) : DelegatingHandler(new SocketsHttpHandler())
    {
        public string? Encoding { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request,
            CancellationToken cancellationToken)
        {
            if (!takesGzip)
                request.Headers.Remove("grpc-accept-encoding");
            var response = await base.SendAsync(request, cancellationToken);
            Encoding = response.Headers.TryGetValues("grpc-encoding", out var values) ? values.Single() : null;
            return response;
        }
    }
}

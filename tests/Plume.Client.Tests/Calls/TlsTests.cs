using Plume.Client.Identity;
using Plume.Client.Tests.Fakes;

namespace Plume.Client.Tests.Calls;

public sealed class TlsTests : IDisposable
{
    readonly Folder folder = new();
    readonly FakeAuthority authority = new();
    readonly Stepper learner = new(FakeFederation.Layout);
    readonly Heard heard = new();

    public TlsTests() => File.WriteAllText(folder["root.pem"], authority.RootPem);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_enrolled_client_shows_its_certificate_and_says_no_name()
    {
        await using var server = await FakeServer.StartAsync(authority: authority);
        var identity = await EnrolAsync(server);
        var result = await FederatedClient.JoinAsync(server.Client(folder) with
        { RootFile = folder["root.pem"], Identity = identity }, learner);
        Assert.Equal(3, result.Version);
        Assert.Equal(identity.Certificate.SerialNumber, server.Federation.Certificate);
        Assert.Null(server.Federation.Name);
    }

    [Fact]
    public async Task A_certificate_from_elsewhere_will_do()
    {
        await using var server = await FakeServer.StartAsync(authority: authority);
        var certificate = (await EnrolAsync(server)).Certificate;
        await FederatedClient.JoinAsync(server.Client(folder) with
        { RootFile = folder["root.pem"], Certificate = () => certificate }, learner);
        Assert.Equal(certificate.SerialNumber, server.Federation.Certificate);
    }

    [Fact]
    public async Task An_old_certificate_is_renewed_while_the_client_stays()
    {
        authority.Age = 50;
        await using var server = await FakeServer.StartAsync(authority: authority);
        var identity = await EnrolAsync(server);
        string old = identity.Certificate.SerialNumber;
        authority.Age = 0;
        await FederatedClient.JoinAsync(server.Client(folder) with
        { RootFile = folder["root.pem"], Identity = identity, Logger = heard }, learner);
        Assert.NotEqual(old, identity.Certificate.SerialNumber);
        Assert.Equal(identity.Certificate.SerialNumber, ClientCertificate.Load(folder.Path)!.Certificate.SerialNumber);
        Assert.Single(heard.Lines, line => line.StartsWith("site-1 has a new certificate", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_renewal_that_fails_waits_for_later_and_the_client_stays()
    {
        authority.Age = 50;
        authority.Failures = 1;
        await using var server = await FakeServer.StartAsync(authority: authority);
        var identity = await EnrolAsync(server);
        var result = await FederatedClient.JoinAsync(server.Client(folder) with
        { RootFile = folder["root.pem"], Identity = identity, Logger = heard }, learner);
        Assert.Equal(3, result.Version);
        Assert.Single(heard.Lines,
            line => line.Contains("could not be renewed yet: Unavailable: not now", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_of_another_root_is_not_believed()
    {
        await using var server = await FakeServer.StartAsync(authority: authority);
        File.WriteAllText(folder["root.pem"], new FakeAuthority().RootPem);
        var refused = await Assert.ThrowsAsync<FederationException>(() =>
            FederatedClient.JoinAsync(server.Client(folder) with { RootFile = folder["root.pem"] }, learner));
        Assert.EndsWith($"on {server.Address}: The server's certificate is not of the root in {folder["root.pem"]}. Check the "
            + $"address, and ask the operator for this server's root.pem.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_whose_certificate_has_expired_is_not_believed()
    {
        var old = new FakeAuthority(serverAge: 70);
        await using var server = await FakeServer.StartAsync(authority: old);
        File.WriteAllText(folder["root.pem"], old.RootPem);
        var refused = await Assert.ThrowsAsync<FederationException>(() =>
            FederatedClient.JoinAsync(server.Client(folder) with { RootFile = folder["root.pem"] }, learner));
        Assert.Contains($"has expired: it was good until {old.Server.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC. Ask the "
            + $"operator for a new one", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_called_by_another_name_says_which_it_has()
    {
        await using var server = await FakeServer.StartAsync(authority: authority);
        var options = server.Client(folder) with
        {
            RootFile = folder["root.pem"],
            Server = new Uri($"https://localhost:{server.Address.Port}"),
        };
        var refused = await Assert.ThrowsAsync<FederationException>(() => FederatedClient.JoinAsync(options, learner));
        Assert.Contains("The server's certificate is for 127.0.0.1, not for localhost. Connect by a name that it has",
            refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_tls_is_told_from_one_of_another_root()
    {
        await using var server = await FakeServer.StartAsync();
        var options = server.Client(folder) with
        {
            RootFile = folder["root.pem"],
            Server = new Uri($"https://{server.Address.Authority}"),
        };
        var refused = await Assert.ThrowsAsync<FederationException>(() => FederatedClient.JoinAsync(options, learner));
        Assert.Contains($"What answers at {server.Address.Authority} does not speak TLS as it should. A server that was "
            + $"started with --insecure has an address that begins with http://", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_calls_a_tls_server_without_it_says_what_it_meets()
    {
        await using var server = await FakeServer.StartAsync(authority: authority);
        // Where the server resets the connection while the client still writes, all that it sees is that it broke; the next try
        // sees more.
        string trouble = await FirstTroubleAsync(server.Client(folder) with
        { Server = new Uri($"http://{server.Address.Authority}") }, besides: "The connection to ");
        Assert.StartsWith($"What answers at {server.Address.Authority} does not take calls without TLS. A server with "
            + $"certificates has an address that begins with https://", trouble, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_says_that_nothing_listens()
    {
        var server = await FakeServer.StartAsync();
        var options = server.Client(folder);
        await server.DisposeAsync();
        Assert.Equal($"Nothing listens at {options.Server.Authority}. Check the address, and that the server runs.",
            await FirstTroubleAsync(options));
    }

    [Fact]
    public async Task A_root_file_that_is_none_is_told()
    {
        await using var server = await FakeServer.StartAsync(authority: authority);
        File.WriteAllText(folder["root.pem"], "nothing");
        var refused = await Assert.ThrowsAsync<FederationException>(() =>
            FederatedClient.JoinAsync(server.Client(folder) with { RootFile = folder["root.pem"] }, learner));
        Assert.Contains("must be the root certificate of the server in PEM", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_clients_share_is_used_and_left_open()
    {
        await using var server = await FakeServer.StartAsync();
        using var shared = new Counting(new SocketsHttpHandler());
        await FederatedClient.JoinAsync(server.Client(folder) with { Handler = shared }, learner);
        Assert.True(shared.Calls > 6);
        Assert.False(shared.IsDisposed);
    }

    async Task<string> FirstTroubleAsync(ClientOptions options, string besides = "(none)")
    {
        string? trouble = null;
        using var leave = new CancellationTokenSource();
        heard.At = step =>
        {
            if (step.Stage != ClientStage.BackingOff || step.Message.StartsWith(besides, StringComparison.Ordinal))
                return;
            trouble ??= step.Message;
            leave.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            FederatedClient.JoinAsync(options with { Progress = heard }, learner, leave.Token));
        return trouble!;
    }

    Task<ClientCertificate> EnrolAsync(FakeServer server) =>
        ClientCertificate.EnrolAsync(server.Address, ServerTrust.FromRoot(folder["root.pem"]), folder.Path, "site-1", "token",
            CancellationToken.None);

    sealed class Counting(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        public int Calls { get; private set; }

        public bool IsDisposed { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Calls++;
            return base.SendAsync(request, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}

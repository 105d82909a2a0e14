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
        var result = await FederatedClient.JoinAsync(server.Client(folder) with { RootFile = folder["root.pem"], Identity = identity }, learner);
        Assert.Equal(3, result.Version);
        Assert.Equal(identity.Certificate.SerialNumber, server.Federation.Certificate);
        Assert.Null(server.Federation.Name);
    }

    [Fact]
    public async Task A_certificate_from_elsewhere_will_do()
    {
        await using var server = await FakeServer.StartAsync(authority: authority);
        var certificate = (await EnrolAsync(server)).Certificate;
        await FederatedClient.JoinAsync(server.Client(folder) with { RootFile = folder["root.pem"], Certificate = () => certificate }, learner);
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
        await FederatedClient.JoinAsync(server.Client(folder) with { RootFile = folder["root.pem"], Identity = identity, Logger = heard }, learner);
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
        var result = await FederatedClient.JoinAsync(server.Client(folder) with { RootFile = folder["root.pem"], Identity = identity, Logger = heard }, learner);
        Assert.Equal(3, result.Version);
        Assert.Single(heard.Lines, line => line.Contains("could not be renewed yet: Unavailable: not now", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_of_another_root_is_not_believed()
    {
        await using var server = await FakeServer.StartAsync(authority: authority);
        File.WriteAllText(folder["root.pem"], new FakeAuthority().RootPem);
        var refused = await Assert.ThrowsAsync<FederationException>(() => FederatedClient.JoinAsync(server.Client(folder) with { RootFile = folder["root.pem"] }, learner));
        Assert.StartsWith($"The certificate of {server.Address} is not one of the root in '{folder["root.pem"]}': ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_root_file_that_is_none_is_told()
    {
        await using var server = await FakeServer.StartAsync(authority: authority);
        File.WriteAllText(folder["root.pem"], "nothing");
        var refused = await Assert.ThrowsAsync<FederationException>(() => FederatedClient.JoinAsync(server.Client(folder) with { RootFile = folder["root.pem"] }, learner));
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

    Task<ClientCertificate> EnrolAsync(FakeServer server) =>
        ClientCertificate.EnrolAsync(server.Address, ServerTrust.FromRoot(folder["root.pem"]), folder.Path, "site-1", "token", CancellationToken.None);

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

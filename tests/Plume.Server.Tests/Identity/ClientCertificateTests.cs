using System.Security.Cryptography;
using Grpc.Core;
using Grpc.Net.Client;
using Plume.Client.Identity;
using Plume.Server.Identity;
using Plume.Server.Identity.Certificates;
using static Plume.Server.Tests.Identity.IdentityServer;

namespace Plume.Server.Tests.Identity;

public sealed class ClientCertificateTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("plume-client-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_client_enrols_keeps_its_certificate_and_calls_with_it()
    {
        await using var server = await StartAsync();
        Assert.Null(ClientCertificate.Load(folder));
        var enrolled = await EnrolAsync(server, "one");
        var loaded = ClientCertificate.Load(folder)!;
        Assert.Equal(("one", enrolled.Certificate.Thumbprint), (loaded.Name, loaded.Certificate.Thumbprint));
        using var channel = Connect(server, loaded);
        Assert.Equal("one", await JoinAsync(channel));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite,
                File.GetUnixFileMode(Path.Combine(folder, "client.key")));
        Assert.Equal(["client.key", "client.pem"], Files());
    }

    [Fact]
    public async Task A_client_renews_after_two_thirds_of_the_life_with_a_new_key()
    {
        await using var server = await StartAsync();
        var certificate = await EnrolAsync(server, "one");
        var first = certificate.Certificate;
        using var channel = Connect(server, certificate);
        Assert.False(await certificate.RenewIfDueAsync(channel.CreateCallInvoker(), server.Time, default));
        Assert.Equal(2 / 3.0, (certificate.RenewalDue - first.NotBefore) / (first.NotAfter - first.NotBefore), precision: 3);
        server.Time.Move(certificate.RenewalDue - server.Time.GetUtcNow());
        Assert.True(await certificate.RenewIfDueAsync(channel.CreateCallInvoker(), server.Time, default));
        Assert.NotEqual(first.GetPublicKeyString(), certificate.Certificate.GetPublicKeyString());
        Assert.Equal(certificate.Certificate.Thumbprint, ClientCertificate.Load(folder)!.Certificate.Thumbprint);
        Assert.Equal(["client.key", "client.pem"], Files());
        // The connection with the old certificate goes on; the next one shows the new one, also when the old one has ended.
        Assert.Equal("one", await JoinAsync(channel));
        server.Time.Move(first.NotAfter - server.Time.GetUtcNow() + TimeSpan.FromDays(1));
        using var next = Connect(server, certificate);
        Assert.Equal("one", await JoinAsync(next));
    }

    [Fact]
    public async Task A_client_that_heard_no_answer_asks_again_with_the_same_invitation_and_key()
    {
        await using var server = await StartAsync();
        string token = await server.Tokens.IssueAsync("one", Roles.Client, ["digits"], TimeSpan.FromHours(1), default);
        server.Records.BeforeWrite = key => key.StartsWith("clients/", StringComparison.Ordinal) ? throw new IOException("full")
            : Task.CompletedTask;
        await Assert.ThrowsAsync<RpcException>(() => EnrolAsync(server, "one", token));
        Assert.Null(ClientCertificate.Load(folder));
        Assert.Equal(["client.key.next"], Files());
        server.Records.BeforeWrite = null;
        using var channel = Connect(server, await EnrolAsync(server, "one", token));
        Assert.Equal("one", await JoinAsync(channel));
    }

    [Fact]
    public async Task A_client_killed_between_its_two_files_has_a_pair_when_it_comes_back()
    {
        await using var server = await StartAsync();
        var certificate = await EnrolAsync(server, "one");
        string key = Path.Combine(folder, "client.key"), next = key + ".next";
        using (var unused = ECDsa.Create(ECCurve.NamedCurves.nistP256))
            File.WriteAllText(next, unused.ExportPkcs8PrivateKeyPem());
        Assert.Equal(certificate.Certificate.Thumbprint, ClientCertificate.Load(folder)!.Certificate.Thumbprint);
        string unusedKey = File.ReadAllText(next);
        File.Move(key, next, overwrite: true);
        File.WriteAllText(key, unusedKey);
        Assert.Equal(certificate.Certificate.Thumbprint, ClientCertificate.Load(folder)!.Certificate.Thumbprint);
        Assert.Equal(["client.key", "client.pem"], Files());
        File.WriteAllText(key, unusedKey);
        Assert.Throws<InvalidDataException>(() => ClientCertificate.Load(folder));
    }

    [Fact]
    public async Task A_client_tells_its_invitation_only_to_a_server_it_believes()
    {
        await using var server = await StartAsync();
        using var other = CertificateAuthority.Create(server.Time);
        string token = await server.Tokens.IssueAsync("one", Roles.Client, ["digits"], TimeSpan.FromHours(1), default);
        string wrongRoot = Path.Combine(folder, "other.pem");
        File.WriteAllText(wrongRoot, other.Root.ExportCertificatePem());
        var error = await Assert.ThrowsAsync<RpcException>(() =>
            ClientCertificate.EnrolAsync(server.Address, ServerTrust.FromRoot(wrongRoot), folder, "one", token, default));
        Assert.Contains($"The server's certificate is not of the root in {wrongRoot}.", error.ToString(),
            StringComparison.Ordinal);
        Assert.DoesNotContain(token, error.ToString(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<RpcException>(() =>
            ClientCertificate.EnrolAsync(server.Address, ServerTrust.OfMachine, folder, "one", token, default));
        await Assert.ThrowsAsync<ArgumentException>(() =>
            ClientCertificate.EnrolAsync(new Uri("http://localhost:1"), ServerTrust.OfMachine, folder, "one", token, default));
        await EnrolAsync(server, "one", token);
    }

    [Fact]
    public async Task A_folder_of_one_name_is_not_given_to_another()
    {
        await using var server = await StartAsync();
        await EnrolAsync(server, "one");

        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => EnrolAsync(server, "two"));

        Assert.Equal($"The folder '{folder}' has the certificate of 'one', which enrolling 'two' there would replace. Choose "
            + $"another folder.", refused.Message);
        Assert.Equal("one", ClientCertificate.Load(folder)!.Name);
    }

    IEnumerable<string> Files() =>
        Directory.GetFiles(folder).Select(path => Path.GetFileName(path))
            .Where(name => !name.EndsWith("root.pem", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    async Task<ClientCertificate> EnrolAsync(IdentityServer server, string name, string? token = null)
    {
        token ??= await server.Tokens.IssueAsync(name, Roles.Client, ["digits"], TimeSpan.FromHours(1), default);
        return await ClientCertificate.EnrolAsync(server.Address, Trust(server), folder, name, token, default);
    }

    GrpcChannel Connect(IdentityServer server, ClientCertificate certificate) =>
        GrpcChannel.ForAddress(server.Address,
            new GrpcChannelOptions { HttpHandler = Trust(server).CreateHandler(certificate), DisposeHttpClient = true });

    ServerTrust Trust(IdentityServer server)
    {
        string path = Path.Combine(folder, "root.pem");
        File.WriteAllText(path, server.Authority.Root.ExportCertificatePem());
        return ServerTrust.FromRoot(path);
    }
}

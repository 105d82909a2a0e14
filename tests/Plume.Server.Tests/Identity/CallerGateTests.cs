using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Plume.Server.Identity;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;
using static Plume.Server.Tests.Identity.IdentityServer;
using Wire = Plume.Protocol.V1;

namespace Plume.Server.Tests.Identity;

public class CallerGateTests
{
    [Fact]
    public async Task An_enrolled_client_calls_under_its_own_name()
    {
        await using var server = await StartAsync();
        var channel = server.Connect(await server.EnrolAsync("Clinic_7.north", Roles.Client, "digits", "letters"));
        Assert.Equal("Clinic_7.north", await JoinAsync(channel));
        Assert.Equal("Clinic_7.north", await JoinAsync(channel, "letters"));
    }

    [Fact]
    public async Task A_caller_without_a_certificate_is_refused()
    {
        await using var server = await StartAsync();
        var channel = server.Connect();
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "no-certificate", () => JoinAsync(channel));
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "no-certificate", () => StatusAsync(channel));
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "no-certificate",
            async () => await new Wire.Enrolment.EnrolmentClient(channel).RenewAsync(new()));
    }

    [Fact]
    public async Task A_certificate_is_good_in_its_time_only()
    {
        await using var server = await StartAsync();
        var channel = server.Connect(await server.EnrolAsync("one", Roles.Client, "digits"));
        server.Time.Move(TimeSpan.FromHours(-1));
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "not-yet-valid", () => JoinAsync(channel));
        server.Time.Move(TimeSpan.FromHours(1));
        Assert.Equal("one", await JoinAsync(channel));
        server.Time.Move(CertificateAuthority.ClientLife + TimeSpan.FromSeconds(1));
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "expired", () => JoinAsync(channel));
        server.Time.Move(IdentityOptions.UsualGrace);
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "expired",
            async () => await new Wire.Enrolment.EnrolmentClient(channel).RenewAsync(new()));
    }

    [Fact]
    public async Task A_certificate_of_another_root_is_refused_even_for_an_enrolled_name_and_key()
    {
        await using var server = await StartAsync();
        using var key = NewKey();
        string token = await server.Tokens.IssueAsync("one", Roles.Client, ["digits"], TimeSpan.FromHours(1), default);
        await server.EnrolAsync(token, RequestFor("one", key));
        using var other = CertificateAuthority.Create(server.Time);
        using var foreign = other.IssueClient(SigningRequest.Read(RequestFor("one", key)), Roles.Client);
        using var foreignWithKey = foreign.CopyWithPrivateKey(key);
        using var selfSigned = new CertificateRequest("OU=admin,CN=one", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(server.Time.GetUtcNow(), server.Time.GetUtcNow().AddDays(1));
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "other-authority",
            () => JoinAsync(server.Connect(foreignWithKey)));
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "other-authority",
            () => StatusAsync(server.Connect(selfSigned)));
    }

    [Fact]
    public async Task A_servers_certificate_names_no_client()
    {
        await using var server = await StartAsync();
        using var certificate = server.Authority.IssueServer(["localhost"]);
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "other-authority",
            () => JoinAsync(server.Connect(certificate)));
    }

    [Fact]
    public async Task A_certificate_that_the_registry_does_not_know_is_refused()
    {
        await using var server = await StartAsync();
        using var key = NewKey();
        using var issued = server.Authority.IssueClient(SigningRequest.Read(RequestFor("one", key)), Roles.Client);
        var channel = server.Connect(issued.CopyWithPrivateKey(key));
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "unknown-client", () => JoinAsync(channel));
        await server.EnrolAsync("one", Roles.Client, "digits");
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "unknown-key", () => JoinAsync(channel));
    }

    [Fact]
    public async Task Revocation_ends_a_connection_that_is_open_here_at_once_and_elsewhere_in_two_seconds()
    {
        await using var here = await StartAsync();
        await using var elsewhere = await StartAsync(here);
        var certificate = await here.EnrolAsync("one", Roles.Client, "digits");
        var channel = here.Connect(certificate);
        var other = elsewhere.Connect(certificate);
        await JoinAsync(channel);
        await JoinAsync(other);
        Assert.True(await here.Enrolments.RevokeAsync("one", default));
        await here.AssertRefusedAsync(StatusCode.Unauthenticated, "revoked", () => JoinAsync(channel));
        here.Time.Move(ClientRegistry.Fresh);
        await elsewhere.AssertRefusedAsync(StatusCode.Unauthenticated, "revoked", () => JoinAsync(other));
        Assert.False(await here.Registry.MayJoinAsync("one", "digits", default));
    }

    [Fact]
    public async Task A_client_cannot_operate_and_an_admin_takes_no_part()
    {
        await using var server = await StartAsync();
        var client = server.Connect(await server.EnrolAsync("one", Roles.Client, "digits"));
        var admin = server.Connect(await server.EnrolAsync("root", Roles.Admin));
        await server.AssertRefusedAsync(StatusCode.PermissionDenied, "role", () => StatusAsync(client));
        Assert.Equal("root", await StatusAsync(admin));
        await server.AssertRefusedAsync(StatusCode.PermissionDenied, "role", () => JoinAsync(admin));
    }

    [Fact]
    public async Task The_letters_of_a_path_change_nothing_about_the_role_it_needs()
    {
        await using var server = await StartAsync();
        using var client = server.Browse(await server.EnrolAsync("one", Roles.Client, "digits"));
        foreach (string path in new[] { "plume.v1.operation/status", "PLUME.V1.OPERATION/STATUS", "plume.v1.Operation/Status/",
            "plume.v1.Operation/Stat%75s", "plume.v1.Operation/Fly" })
        {
            var reply = await client.PostAsync(path, GrpcBody(new byte[5]));
            Assert.True(reply.StatusCode == HttpStatusCode.NotFound || Header(reply, "grpc-status") is "7"
                or "12", $"{path}: {reply} {Header(reply, "grpc-status")}");
        }
    }

    [Fact]
    public async Task A_client_sees_only_the_federations_it_was_invited_to()
    {
        await using var server = await StartAsync();
        var channel = server.Connect(await server.EnrolAsync("one", Roles.Client, "digits"));
        await server.AssertRefusedAsync(StatusCode.PermissionDenied, "not-invited", () => JoinAsync(channel, "letters"));
        Assert.True(await server.Registry.MayJoinAsync("one", "digits", default));
        Assert.False(await server.Registry.MayJoinAsync("one", "letters", default));
        Assert.False(await server.Registry.MayJoinAsync("nobody", "digits", default));
    }

    [Fact]
    public async Task A_refusal_does_not_wait_for_a_message_or_parse_one()
    {
        await using var server = await StartAsync();
        using var client = server.Browse();
        var broken = await client.PostAsync("plume.v1.Federation/Join", GrpcBody([0, 0, 0, 0, 3, 255, 255, 255]));
        Assert.Equal("16", Header(broken, "grpc-status"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "plume.v1.Federation/Upload")
        {
            Version = HttpVersion.Version20,
            Content = new EndlessContent(),
        };
        using var endless = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("16", Header(endless, "grpc-status"));
    }

    [Fact]
    public async Task Other_endpoints_are_open_only_where_they_say_so()
    {
        await using var server = await StartAsync();
        using var stranger = server.Browse();
        using var client = server.Browse(await server.EnrolAsync("one", Roles.Client, "digits"));
        using var admin = server.Browse(await server.EnrolAsync("root", Roles.Admin));
        Assert.Equal("well", await stranger.GetStringAsync("health"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("figures")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("nothing")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("figures")).StatusCode);
        Assert.Equal("many", await admin.GetStringAsync("figures"));
    }

    [Fact]
    public async Task A_chain_is_built_once_for_a_connection_and_the_registry_read_once_in_two_seconds()
    {
        await using var server = await StartAsync();
        var channel = server.Connect(await server.EnrolAsync("one", Roles.Client, "digits"));
        await JoinAsync(channel);
        int reads = server.Records.Reads, checks = server.Chains;
        for (int call = 0; call < 20; call++)
            await JoinAsync(channel);
        Assert.Equal((reads, checks), (server.Records.Reads, server.Chains));
        server.Time.Move(ClientRegistry.Fresh);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => JoinAsync(channel)));
        Assert.Equal((reads + 1, checks), (server.Records.Reads, server.Chains));
    }

    [Fact]
    public async Task Nobody_is_let_in_while_the_registry_cannot_be_read_and_everybody_after()
    {
        await using var server = await StartAsync();
        var channel = server.Connect(await server.EnrolAsync("one", Roles.Client, "digits"));
        server.Records.Broken = true;
        await server.AssertRefusedAsync(StatusCode.Unavailable, "registry-unavailable", () => JoinAsync(channel));
        server.Records.Broken = false;
        Assert.Equal("one", await JoinAsync(channel));
    }

    [Fact]
    public async Task Without_TLS_a_server_takes_calls_only_if_it_was_told_to()
    {
        await using var closed = await StartAsync(tls: false);
        await closed.AssertRefusedAsync(StatusCode.Unauthenticated, "not-secure", () => JoinAs(closed, "one"));
        await using var open = await StartAsync(tls: false, insecure: true);
        Assert.Equal("one", await JoinAs(open, "one"));
        await open.AssertRefusedAsync(StatusCode.Unauthenticated, "no-name", () => JoinAsync(open.Connect()));
        await open.AssertRefusedAsync(StatusCode.Unauthenticated, "no-name", () => JoinAs(open, "../one"));
        await open.AssertRefusedAsync(StatusCode.FailedPrecondition, "not-secure", () => open.EnrolAsync("", []));
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("10.1.2.3", false)]
    [InlineData("::ffff:10.1.2.3", false)]
    [InlineData(null, false)]
    public async Task Without_TLS_only_the_servers_own_machine_may_call(string? address, bool allowed)
    {
        var time = new SettableTime();
        var identification = new CallerIdentification(null, new ClientRegistry(new RecordsInMemory(), time),
            new IdentityOptions { Insecure = true }, time);
        var context = new DefaultHttpContext();
        context.Request.Headers[CallerIdentification.NameMetadata] = "one";
        context.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        Assert.Null(context.Connection.ClientCertificate);
        var found = await identification.IdentifyAsync(context, grace: TimeSpan.Zero);
        Assert.Equal(allowed ? null : "not-secure", found.Denial?.Rule);
        Assert.Equal(allowed, found.Caller is not null);
    }

    [Fact]
    public async Task With_TLS_a_name_in_the_metadata_counts_for_nothing()
    {
        await using var server = await StartAsync(insecure: true);
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "no-certificate", () => JoinAs(server, "one"));
    }

    static async Task<string> JoinAs(IdentityServer server, string name)
    {
        var client = new Wire.Federation.FederationClient(server.Connect());
        return (await client.JoinAsync(new Wire.JoinRequest { Federation = "digits" },
            new Metadata { { "plume-client", name } })).Uplink;
    }

    static ByteArrayContent GrpcBody(byte[] bytes) => new(bytes)
    {
        Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") },
    };

    static string? Header(HttpResponseMessage reply, string name) =>
        (reply.Headers.TryGetValues(name, out var values) || reply.TrailingHeaders.TryGetValues(name, out values))
            ? values.Single() : null;

    /// <summary>A body that never comes.</summary>
    sealed class EndlessContent : HttpContent
    {
        public EndlessContent() => Headers.ContentType = new MediaTypeHeaderValue("application/grpc");

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, default);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context,
            CancellationToken cancellation)
        {
            await stream.FlushAsync(cancellation);
            await Task.Delay(Timeout.Infinite, cancellation);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

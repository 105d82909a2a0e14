using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Plume.Server.Identity;
using Plume.Server.Identity.Enrolling;
using static Plume.Server.Tests.Identity.IdentityServer;
using Wire = Plume.Protocol.V1;

namespace Plume.Server.Tests.Identity;

public class EnrolmentTests
{
    [Fact]
    public async Task A_token_is_good_for_one_key_which_may_ask_again()
    {
        await using var server = await StartAsync();
        string token = await InviteAsync(server, "one");
        using ECDsa key = NewKey(), other = NewKey();
        await server.EnrolAsync(token, RequestFor("one", key));
        using var again = WithKey(await server.EnrolAsync(token, RequestFor("one", key)), key);
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "token-used",
            () => server.EnrolAsync(token, RequestFor("one", other)));
        Assert.Equal("one", await JoinAsync(server.Connect(again)));
    }

    [Fact]
    public async Task A_token_ends()
    {
        await using var server = await StartAsync();
        string token = await InviteAsync(server, "one");
        using var key = NewKey();
        server.Time.Move(TimeSpan.FromHours(1));
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "token-expired",
            () => server.EnrolAsync(token, RequestFor("one", key)));
    }

    [Fact]
    public async Task A_token_that_was_never_given_out_is_refused_whatever_it_looks_like()
    {
        await using var server = await StartAsync();
        using var key = NewKey();
        string token = await InviteAsync(server, "one");
        foreach (string wrong in new[] { "", "x", new string('A', 43), token[..42], token + "A", "../../clients/one",
            new string('\u00e9', 43) })
            await server.AssertRefusedAsync(StatusCode.Unauthenticated, "token-unknown",
                () => server.EnrolAsync(wrong, RequestFor("one", key)));
    }

    [Fact]
    public async Task A_request_in_another_clients_name_is_refused_and_costs_no_token()
    {
        await using var server = await StartAsync();
        string token = await InviteAsync(server, "one");
        using var key = NewKey();
        await server.EnrolAsync("two", Roles.Client, "digits");
        await server.AssertRefusedAsync(StatusCode.PermissionDenied, "token-name",
            () => server.EnrolAsync(token, RequestFor("two", key)));
        await server.EnrolAsync(token, RequestFor("one", key));
    }

    [Fact]
    public async Task Of_two_servers_that_are_given_one_token_at_once_one_issues()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync(first);
        string token = await InviteAsync(first, "one");
        using ECDsa left = NewKey(), right = NewKey();
        var bothHaveRead = new CountdownEvent(2);
        var go = new TaskCompletionSource();
        first.Records.BeforeWrite = key =>
        {
            if (key.StartsWith("tokens/", StringComparison.Ordinal) && bothHaveRead.Signal())
                go.SetResult();
            return key.StartsWith("tokens/", StringComparison.Ordinal) ? go.Task : Task.CompletedTask;
        };
        var outcomes = await Task.WhenAll(Outcome(() => first.EnrolAsync(token, RequestFor("one", left))),
            Outcome(() => second.EnrolAsync(token, RequestFor("one", right))));
        Assert.Equal([StatusCode.OK, StatusCode.Unauthenticated], outcomes.Order());
        Assert.Single((await first.Registry.ListAsync(default)).Single().KeyHashes);
    }

    [Fact]
    public async Task An_enrolment_that_broke_off_between_token_and_registry_is_ended_by_asking_again()
    {
        await using var server = await StartAsync();
        string token = await InviteAsync(server, "one");
        using var key = NewKey();
        server.Records.BeforeWrite = name => name.StartsWith("clients/", StringComparison.Ordinal) ? throw new IOException("full")
            : Task.CompletedTask;
        Assert.Equal(StatusCode.Unavailable, await Outcome(() => server.EnrolAsync(token, RequestFor("one", key))));
        server.Records.BeforeWrite = null;
        using var certificate = WithKey(await server.EnrolAsync(token, RequestFor("one", key)), key);
        Assert.Equal("one", await JoinAsync(server.Connect(certificate)));
    }

    [Fact]
    public async Task An_old_token_does_not_undo_a_later_invitation_or_a_revocation()
    {
        await using var server = await StartAsync();
        string old = await InviteAsync(server, "one");
        using var oldKey = NewKey();
        await server.EnrolAsync(old, RequestFor("one", oldKey));
        var later = server.Connect(await server.EnrolAsync("one", Roles.Client, "letters"));
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "token-used",
            () => server.EnrolAsync(old, RequestFor("one", oldKey)));
        Assert.Equal("one", await JoinAsync(later, "letters"));
        await server.Enrolments.RevokeAsync("one", default);
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "token-used",
            () => server.EnrolAsync(old, RequestFor("one", oldKey)));
    }

    [Fact]
    public async Task A_revoked_client_cannot_ask_again_with_its_token_and_comes_back_by_a_new_one()
    {
        await using var server = await StartAsync();
        string token = await InviteAsync(server, "one");
        using var key = NewKey();
        await server.EnrolAsync(token, RequestFor("one", key));
        await server.Enrolments.RevokeAsync("one", default);
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "revoked",
            () => server.EnrolAsync(token, RequestFor("one", key)));
        Assert.Equal("one", await JoinAsync(server.Connect(await server.EnrolAsync("one", Roles.Client, "digits"))));
    }

    [Fact]
    public async Task Revoking_takes_back_invitations_that_nobody_used_yet()
    {
        await using var server = await StartAsync();
        string token = await InviteAsync(server, "one");
        using var key = NewKey();
        Assert.True(await server.Enrolments.RevokeAsync("one", default));
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "token-unknown",
            () => server.EnrolAsync(token, RequestFor("one", key)));
        Assert.False(await server.Enrolments.RevokeAsync("nobody", default));
    }

    [Fact]
    public async Task A_token_in_use_while_its_name_is_revoked_leads_to_nothing()
    {
        await using var server = await StartAsync();
        string token = await InviteAsync(server, "one");
        using var key = NewKey();
        bool revoked = false;
        server.Records.BeforeWrite = async name =>
        {
            if (revoked || !name.StartsWith("clients/", StringComparison.Ordinal))
                return;
            revoked = true;
            Assert.True(await server.Enrolments.RevokeAsync("one", default));
        };
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "token-used",
            () => server.EnrolAsync(token, RequestFor("one", key)));
    }

    [Fact]
    public async Task A_request_that_is_damaged_or_of_another_kind_of_key_is_refused()
    {
        await using var server = await StartAsync();
        string token = await InviteAsync(server, "one");
        using var key = NewKey();
        using var wide = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        byte[] good = RequestFor("one", key), forged = [.. good];
        forged[^1] ^= 1;
        byte[][] requests =
        [
            [], [.. good, 0], good[..^1], forged, new byte[5000], RequestFor("one", wide), RequestFor("one,CN=two", key),
            RequestFor("..", key), RequestFor("a b", key), RequestFor(new string('a', 65), key),
            new CertificateRequest("O=one", key, HashAlgorithmName.SHA256).CreateSigningRequest(),
            new CertificateRequest("CN=one", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest(),
        ];
        foreach (byte[] request in requests)
            await server.AssertRefusedAsync(StatusCode.InvalidArgument, "request-invalid",
                () => server.EnrolAsync(token, request));
    }

    [Fact]
    public async Task What_a_request_asks_for_besides_its_name_is_not_granted()
    {
        await using var server = await StartAsync();
        string token = await InviteAsync(server, "one");
        using var key = NewKey();
        var request = new CertificateRequest("CN=one,OU=admin", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using var certificate = WithKey(await server.EnrolAsync(token, request.CreateSigningRequest()), key);
        Assert.Equal("OU=client, CN=one",
            certificate.Subject.Replace("CN=one, OU=client", "OU=client, CN=one", StringComparison.Ordinal));
        Assert.False(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        await server.AssertRefusedAsync(StatusCode.PermissionDenied, "role", () => StatusAsync(server.Connect(certificate)));
    }

    [Fact]
    public async Task A_client_renews_in_its_own_name_and_its_old_key_stays_good_until_the_next_time()
    {
        await using var server = await StartAsync();
        var first = await server.EnrolAsync("one", Roles.Client, "digits");
        using ECDsa secondKey = NewKey(), lostKey = NewKey(), thirdKey = NewKey();
        await RenewAsync(server, first, "one", lostKey);
        var second = WithKey(await RenewAsync(server, first, "one", secondKey), secondKey);
        Assert.Equal("one", await JoinAsync(server.Connect(first)));
        Assert.Equal("one", await JoinAsync(server.Connect(second)));
        var third = WithKey(await RenewAsync(server, second, "one", thirdKey), thirdKey);
        Assert.Equal("one", await JoinAsync(server.Connect(third)));
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "unknown-key", () => JoinAsync(server.Connect(first)));
        await server.AssertRefusedAsync(StatusCode.PermissionDenied, "renewal-name",
            () => RenewAsync(server, third, "two", secondKey));
    }

    [Fact]
    public async Task A_client_that_enrolled_on_one_server_calls_any_other_at_once()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync(first);
        Assert.Equal("one", await JoinAsync(second.Connect(await first.EnrolAsync("one", Roles.Client, "digits"))));
        var replaced = second.Connect(await first.EnrolAsync("one", Roles.Client, "digits"));
        first.Time.Move(TimeSpan.FromMilliseconds(200));
        Assert.Equal("one", await JoinAsync(replaced));
    }

    [Fact]
    public async Task No_token_and_no_key_is_logged_or_kept()
    {
        await using var server = await StartAsync();
        string used = await InviteAsync(server, "one"), wrong = await InviteAsync(server, "two");
        using var key = NewKey();
        await server.EnrolAsync(used, RequestFor("one", key));
        await Outcome(() => server.EnrolAsync(wrong, RequestFor("one", key)));
        await Outcome(() => server.EnrolAsync("not-a-token-but-still-secret", RequestFor("one", key)));
        string[] secrets = [used, wrong, "not-a-token-but-still-secret", Convert.ToBase64String(key.ExportECPrivateKey())[..40],
            server.Authority.ExportKey().Split('\n')[1], "PRIVATE KEY"];
        string log = string.Join('\n', server.Log.Lines);
        string kept = string.Join('\n', (await server.Records.ListAsync("", default))
            .Select(pair => pair.Key + System.Text.Encoding.UTF8.GetString(pair.Value.Value)));
        Assert.NotEmpty(server.Log.Audit);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, log, StringComparison.Ordinal));
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, kept, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("one", Roles.Client, 0, 1)]
    [InlineData("one", Roles.Admin, 1, 1)]
    [InlineData("one", Roles.Admin | Roles.Client, 1, 1)]
    [InlineData("one", Roles.None, 0, 1)]
    [InlineData("", Roles.Client, 1, 1)]
    [InlineData(".one", Roles.Client, 1, 1)]
    [InlineData("one/two", Roles.Client, 1, 1)]
    [InlineData("one", Roles.Client, 1, 0)]
    [InlineData("one", Roles.Client, 1, 91)]
    public async Task An_invitation_that_makes_no_sense_is_not_given_out(string name, Roles role, int federations, int days)
    {
        var tokens = new EnrolmentTokens(new RecordsInMemory(), new SettableTime());
        string[] names = [.. Enumerable.Repeat("digits", federations)];
        await Assert.ThrowsAnyAsync<ArgumentException>(() =>
            tokens.IssueAsync(name, role, names, TimeSpan.FromDays(days), default));
    }

    static Task<string> InviteAsync(IdentityServer server, string name) =>
        server.Tokens.IssueAsync(name, Roles.Client, ["digits"], TimeSpan.FromHours(1), default);

    static async Task<Wire.EnrolReply> RenewAsync(IdentityServer server, X509Certificate2 certificate, string name, ECDsa key) =>
        await new Wire.Enrolment.EnrolmentClient(server.Connect(certificate))
            .RenewAsync(new Wire.RenewRequest
            {
                CertificateRequest =
                Google.Protobuf.ByteString.CopyFrom(RequestFor(name, key))
            });

    static async Task<StatusCode> Outcome(Func<Task> call)
    {
        try
        {
            await call();
            return StatusCode.OK;
        }
        catch (RpcException error)
        {
            return error.StatusCode;
        }
    }
}

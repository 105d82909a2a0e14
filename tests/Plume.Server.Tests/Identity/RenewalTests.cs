using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Plume.Server.Identity;
using Plume.Server.Identity.Certificates;
using static Plume.Server.Tests.Identity.IdentityServer;
using Wire = Plume.Protocol.V1;

namespace Plume.Server.Tests.Identity;

/// <summary>Who has a certificate gets the next one by it, also for a while after it ended.</summary>
public class RenewalTests
{
    static readonly TimeSpan Life = CertificateAuthority.ClientLife, Grace = IdentityOptions.UsualGrace,
        Day = TimeSpan.FromDays(1);

    [Theory]
    [InlineData(Roles.Client)]
    [InlineData(Roles.Admin)]
    public async Task A_certificate_that_ended_is_good_for_renewing_it_and_for_nothing_else(Roles role)
    {
        await using var server = await StartAsync();
        var ended = await EnrolAsync(server, role);
        server.Time.Move(Life + Grace - Day);
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "expired", () => CallAsync(server, ended, role));
        using var key = NewKey();
        Assert.Equal("one", await CallAsync(server, WithKey(await RenewAsync(server, ended, key), key), role));
    }

    [Fact]
    public async Task Nothing_is_renewed_after_the_grace()
    {
        await using var server = await StartAsync();
        var ended = await EnrolAsync(server, Roles.Client);
        server.Time.Move(Life + Grace + Day);
        using var key = NewKey();
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "expired", () => RenewAsync(server, ended, key));
    }

    [Fact]
    public async Task Who_was_revoked_renews_nothing()
    {
        await using var server = await StartAsync();
        var ended = await EnrolAsync(server, Roles.Client);
        server.Time.Move(Life + Day);
        await server.Enrolments.RevokeAsync("one", default);
        using var key = NewKey();
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "revoked", () => RenewAsync(server, ended, key));
    }

    [Fact]
    public async Task An_ended_certificate_whose_key_was_replaced_is_of_no_use_but_to_hear_the_answer_again()
    {
        await using var server = await StartAsync();
        var first = await EnrolAsync(server, Roles.Client);
        using ECDsa next = NewKey(), other = NewKey();
        server.Time.Move(Life * 2 / 3);
        await RenewAsync(server, first, next);
        server.Time.Move(Life / 3 + Day);
        await server.AssertRefusedAsync(StatusCode.Unauthenticated, "unknown-key", () => RenewAsync(server, first, other));
        Assert.Equal("one", await CallAsync(server, WithKey(await RenewAsync(server, first, next), next), Roles.Client));
    }

    [Fact]
    public async Task Every_generation_renews_the_next()
    {
        await using var server = await StartAsync();
        var current = await EnrolAsync(server, Roles.Client);
        for (int generation = 0; generation < 8; generation++)
        {
            server.Time.Move(generation % 2 == 0 ? Life * 2 / 3 : Life + Grace / 2);
            var key = NewKey();
            current = WithKey(await RenewAsync(server, current, key), key);
        }

        Assert.Equal("one", await CallAsync(server, current, Roles.Client));
    }

    [Fact]
    public async Task Who_renews_again_and_again_has_the_registry_written_once()
    {
        await using var server = await StartAsync();
        var first = await EnrolAsync(server, Roles.Client);
        int writes = 0;
        server.Records.BeforeWrite = _ =>
        {
            writes++;
            return Task.CompletedTask;
        };
        using var next = NewKey();
        server.Time.Move(Life * 2 / 3);
        for (int call = 0; call < 20; call++)
        {
            server.Time.Move(TimeSpan.FromMinutes(1));
            Assert.Equal("one", await CallAsync(server, WithKey(await RenewAsync(server, first, next), next), Roles.Client));
        }

        Assert.Equal(1, writes);
        server.Time.Move(Day);
        await RenewAsync(server, first, next);
        Assert.Equal(2, writes);
        Assert.Equal(server.Time.GetUtcNow() + Life, (await server.Registry.FindAsync("one", default))!.Expires,
            TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task It_is_told_in_time_which_certificates_end()
    {
        await using var server = await StartAsync();
        await EnrolAsync(server, Roles.Client);
        Assert.Empty(await server.Watch.WarningsAsync(default));
        server.Time.Move(Life - CertificateWatch.ClientNotice + Day);
        Assert.StartsWith("Certificates of clients end soon and were not renewed yet, plume join renews it when it runs: one (",
            Assert.Single(await server.Watch.WarningsAsync(default)), StringComparison.Ordinal);
        server.Time.Move(CertificateWatch.ClientNotice);
        Assert.StartsWith("Certificates of clients have ended and can be renewed for 30 days from then",
            Assert.Single(await server.Watch.WarningsAsync(default)), StringComparison.Ordinal);
        server.Time.Move(Grace);
        Assert.Empty(await server.Watch.WarningsAsync(default));
        server.Time.Move(CertificateAuthority.RootLife - CertificateWatch.RootNotice - Life - Grace);
        Assert.StartsWith("The root of all certificates here ends on ", Assert.Single(await server.Watch.WarningsAsync(default)),
            StringComparison.Ordinal);
    }

    static Task<X509Certificate2> EnrolAsync(IdentityServer server, Roles role) => server.EnrolAsync("one", role, "digits");

    static Task<string> CallAsync(IdentityServer server, X509Certificate2 certificate, Roles role) =>
        role == Roles.Admin ? StatusAsync(server.Connect(certificate)) : JoinAsync(server.Connect(certificate));

    static async Task<Wire.EnrolReply> RenewAsync(IdentityServer server, X509Certificate2 certificate, ECDsa key) =>
        await new Wire.Enrolment.EnrolmentClient(server.Connect(certificate))
            .RenewAsync(new Wire.RenewRequest
            {
                CertificateRequest =
                Google.Protobuf.ByteString.CopyFrom(RequestFor("one", key))
            });
}

using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Plume.Server.Identity;
using static Plume.Server.Tests.Identity.IdentityServer;
using Wire = Plume.Protocol.V1;

namespace Plume.Server.Tests.Identity;

/// <summary>Anybody may try to enrol, but not without end.</summary>
public sealed class EnrolmentLimitTests
{
    // Nobody waits for the next try: these are what a minute has, and it is far from over.
    const int PerAddress = 3, InAll = 5;

    static readonly IPAddress Here = IPAddress.Parse("127.0.0.1"), There = IPAddress.Parse("127.0.0.2"),
        Elsewhere = IPAddress.Parse("127.0.0.3");

    [Fact]
    public async Task An_address_that_tries_too_often_is_told_when_to_come_back_and_keeps_nobody_else_out()
    {
        await using var server = await StartAsync(perAddress: PerAddress, inAll: InAll);
        for (int times = 0; times < PerAddress; times++)
            Assert.Equal(StatusCode.Unauthenticated, (await TryAsync(server, Here)).StatusCode);

        for (int times = 0; times < InAll; times++)
        {
            var refusal = await TryAsync(server, Here);
            Assert.Equal(StatusCode.ResourceExhausted, refusal.StatusCode);
            Assert.Matches("^Too many have tried to enrol. Try again in [0-9]+ seconds.$", refusal.Status.Detail);
            Assert.InRange(int.Parse(refusal.Trailers.GetValue("grpc-retry-pushback-ms")!, CultureInfo.InvariantCulture), 1,
                60_000 / PerAddress);
        }

        Assert.Equal(StatusCode.Unauthenticated, (await TryAsync(server, There)).StatusCode);
        Assert.Contains(server.Log.Audit, line => line.Contains("too-many-enrolments", StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_addresses_together_have_a_bound_too()
    {
        await using var server = await StartAsync(perAddress: PerAddress, inAll: InAll);
        foreach (var from in new[] { Here, Here, There, There, Elsewhere })
            Assert.Equal(StatusCode.Unauthenticated, (await TryAsync(server, from)).StatusCode);

        Assert.Equal(StatusCode.ResourceExhausted, (await TryAsync(server, Elsewhere)).StatusCode);
    }

    [Fact]
    public async Task Who_is_enrolled_is_not_bounded_by_those_who_try()
    {
        await using var server = await StartAsync(perAddress: PerAddress, inAll: InAll);
        using var certificate = await server.EnrolAsync("one", Roles.Client, "digits");
        while ((await TryAsync(server, Here)).StatusCode != StatusCode.ResourceExhausted)
        {
        }

        for (int times = 0; times < InAll; times++)
        {
            Assert.Equal("one", await JoinAsync(server.Connect(certificate)));
            Assert.NotEmpty((await RenewAsync(server, certificate)).Certificate);
        }
    }

    static async Task<RpcException> TryAsync(IdentityServer server, IPAddress from)
    {
        using var key = NewKey();
        var request = new Wire.EnrolRequest
        {
            Token = "guessed",
            CertificateRequest = ByteString.CopyFrom(RequestFor("one", key)),
        };
        return await Assert.ThrowsAsync<RpcException>(() => new Wire.Enrolment.EnrolmentClient(server.Connect(from: from))
            .EnrolAsync(request).ResponseAsync);
    }

    // With the key that it has, so that the certificate at hand stays good.
    static async Task<Wire.EnrolReply> RenewAsync(IdentityServer server, X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return await new Wire.Enrolment.EnrolmentClient(server.Connect(certificate))
            .RenewAsync(new Wire.RenewRequest { CertificateRequest = ByteString.CopyFrom(RequestFor("one", key)) });
    }
}

using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Plume.Server.Identity;

namespace Plume.Server.Tests.Admission;

public class RefusalsTests
{
    [Fact]
    public void A_flood_of_refusals_is_a_few_lines_and_a_count()
    {
        var time = new FakeTimeProvider();
        using var log = new LogLines();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        using var refusals = new Refusals(factory.CreateLogger<IdentityAudit>(), time);
        int shown = Enumerable.Range(0, 12_365)
            .Count(call => refusals.IsShown("no-certificate", new IPAddress([10, 0, 0, (byte)(call % 7)])));
        Assert.Equal(20, shown);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("Refused 12345 more by rule no-certificate from 7 addresses in the last 10 s ", Assert.Single(log.Audit));
        Assert.True(refusals.IsShown("no-certificate", IPAddress.Loopback));
    }

    [Fact]
    public void One_rule_does_not_hide_another()
    {
        using var factory = LoggerFactory.Create(_ => { });
        using var refusals = new Refusals(factory.CreateLogger<IdentityAudit>(), TimeProvider.System);
        for (int call = 0; call < 100; call++)
            refusals.IsShown("no-certificate", null);
        Assert.True(refusals.IsShown("revoked", null));
    }
}

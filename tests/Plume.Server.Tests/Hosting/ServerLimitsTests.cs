using Plume.Server.Identity.Admission;

namespace Plume.Server.Tests.Hosting;

public class ServerLimitsTests
{
    [Fact]
    public void The_limits_that_a_server_has_by_itself_break_no_rule() => Assert.Empty(new ServerLimits().Problems());

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void Enrolments_that_no_clock_could_count_are_refused(int enrolments)
    {
        Assert.Equal($"A server must let 1 to 1000000 a minute try to enrol, but is to let {enrolments}.",
            Assert.Single(new ServerLimits { Enrolments = enrolments }.Problems()));
        Assert.Single(new ServerLimits { EnrolmentsPerAddress = enrolments }.Problems());
    }

    [Fact]
    public void Every_limit_that_lets_nothing_through_is_named()
    {
        var limits = new ServerLimits
        {
            StreamsPerClient = 0,
            SlowestBytesPerSecond = 0,
            Connections = 0,
            MessageBytes = 0,
            Grace = TimeSpan.FromSeconds(-1),
        };
        Assert.Equal(5, limits.Problems().Count());
    }
}

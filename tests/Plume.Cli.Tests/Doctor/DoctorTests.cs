using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Plume.Cli.Doctor;
using Plume.Server.Identity.Certificates;

namespace Plume.Cli.Tests.Doctor;

public sealed class DoctorTests
{
    static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    [Fact]
    public void What_is_wrong_says_what_does_not_work_and_ends_with_its_code()
    {
        using var folder = new Folder();
        Directory.CreateDirectory(folder["certs"]);
        var ended = InProcess.Run("doctor", "--certs", folder["certs"], "--server", "http://127.0.0.1:1", "--json");
        var found = JsonDocument.Parse(ended.Output).RootElement.EnumerateArray()
            .ToDictionary(finding => finding.GetProperty("what").GetString()!);
        Assert.Equal(2, ended.Code);
        // These tests have no libtorch beside them.
        Assert.Equal("wrong", found["torch"].GetProperty("verdict").GetString());
        Assert.EndsWith(" package libtorch-cpu-linux-x64.", found["torch"].GetProperty("says").GetString());
        Assert.Equal("good", found["digits"].GetProperty("verdict").GetString());
        Assert.Equal("wrong", found["certificates"].GetProperty("verdict").GetString());
        Assert.StartsWith("Nothing listens at 127.0.0.1:1.", found["server"].GetProperty("says").GetString());
        Assert.All(found.Values, finding =>
            Assert.Equal(finding.GetProperty("verdict").GetString() != "good", finding.TryGetProperty("next", out _)));
    }

    [Fact]
    public void A_clock_before_the_day_of_the_program_is_wrong()
    {
        Assert.Equal(Verdict.Good, Machine.Clock(Now).Verdict);
        Assert.Equal(Verdict.Wrong, Machine.Clock(new DateTimeOffset(1970, 1, 5, 0, 0, 0, TimeSpan.Zero)).Verdict);
    }

    [Fact]
    public void A_port_that_is_taken_is_told()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        Assert.Equal(Verdict.Note, Look((IPEndPoint)taken.LocalEndpoint, "/no/such", TimeProvider.System)["port"].Verdict);
    }

    [Theory]
    [InlineData(-2, false, "Set the clock.")]
    [InlineData(1, true, null)]
    [InlineData(10_000, false, "Renew it: plume certs init")]
    public void Certificates_are_judged_by_the_day(int days, bool good, string? next)
    {
        using var folder = new Folder();
        CertificateFolder.Initialise(folder["certs"], ["localhost"], TimeProvider.System);
        var found = Look(new IPEndPoint(IPAddress.Loopback, 0), folder["certs"], new FakeTimeProvider(Now.AddDays(days)))["certificates"];
        Assert.Equal(good ? Verdict.Good : Verdict.Wrong, found.Verdict);
        Assert.StartsWith(next ?? "", found.Next ?? "");
        Assert.Contains("localhost", found.Says);
    }

    static Dictionary<string, Finding> Look(IPEndPoint listen, string certs, TimeProvider time) =>
        Serving.Look(listen, certs, time).ToDictionary(finding => finding.What);
}

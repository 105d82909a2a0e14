using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Plume.Client.Identity;
using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Processes;
using Plume.Server.Identity;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;
using Plume.Server.Storage.Folder;

namespace Plume.EndToEnd.Tests;

/// <summary>What is promised for days and months, in processes whose clocks are set that far.</summary>
public sealed class LongTimeTests : IAsyncDisposable
{
    static readonly ToyPlan Plan = new(Clients: 2, Rounds: 2, Participants: 1, Values: 20_000);

    readonly string folder = Directory.CreateTempSubdirectory("plume-long-").FullName;
    readonly List<HostProcess> processes = [];

    HostProcess? server;
    Uri address = null!;

    string State => Path.Combine(folder, "state");

    string Certs => Path.Combine(folder, "certs");

    string Root => Path.Combine(Certs, CertificateFolder.RootCertificate);

    [Fact]
    public async Task Clients_and_operators_stay_in_by_renewing_twice_and_once_after_their_certificate_ended()
    {
        CertificateFolder.Initialise(Certs, ["127.0.0.1"], TimeProvider.System);
        string own = Thumbprint(Path.Combine(Certs, CertificateFolder.ServerCertificate));
        await ServeAsync(day: 0);
        await EnrolAsync("operator", Roles.Admin);
        await EnrolAsync("client-0", Roles.Client);
        Assert.StartsWith("kept; Waiting; ", await AskAsync(day: 0), StringComparison.Ordinal);

        // Renewed in time, then again, then after it ended: on day 175 the certificate of day 100 has been over for two weeks.
        foreach (int day in (int[])[50, 100, 175])
        {
            await ServeAsync(day);
            string told = await AskAsync(day);
            Assert.StartsWith("renewed; Waiting; ", told, StringComparison.Ordinal);
            Assert.Contains(day < 175 ? "Certificates of clients end soon"
                : "Certificates of clients have ended and can be renewed for 30 days", told, StringComparison.Ordinal);
            await JoinAsync(day);
            Assert.StartsWith("kept; Waiting; ", await AskAsync(day), StringComparison.Ordinal);
        }

        // Nobody is let in for ever: five weeks after the end the way back is an invitation. The server's own is renewed by
        // itself.
        Assert.Equal(own, Thumbprint(Path.Combine(Certs, CertificateFolder.ServerCertificate)));
        await ServeAsync(day: 270);
        await server!.LineAsync("the server renews its certificate",
            line => line.Contains("The server's certificate was renewed: it is good until", StringComparison.Ordinal));
        Assert.NotEqual(own, Thumbprint(Path.Combine(Certs, CertificateFolder.ServerCertificate)));
        var refused = Operator(day: 270);
        Assert.NotEqual(0, await refused.EndAsync());
        Assert.Contains(refused.Lines,
            line => line.Contains("The client certificate has expired and was not renewed in time.", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
            await process.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    // Another one on the same state, when the last one has stopped.
    async Task ServeAsync(int day)
    {
        if (server is not null)
            await server.StopAsync();
        server = Start("server", day, [.. Plan.ToArguments(), "--state", State, "--certs", Certs]);
        string line = await server.LineAsync("the server says where it listens",
            line => line.StartsWith(ToyServer.Listening, StringComparison.Ordinal));
        address = new Uri(line[ToyServer.Listening.Length..]);
    }

    async Task EnrolAsync(string name, Roles role)
    {
        var tokens = new EnrolmentTokens(new FolderRecords(Path.Combine(State, "records")), TimeProvider.System);
        string token = await tokens.IssueAsync(name, role, role == Roles.Admin ? []
            : [ToyPlan.Federation], TimeSpan.FromHours(1), default);
        await ClientCertificate.EnrolAsync(address, ServerTrust.FromRoot(Root), Path.Combine(folder, name), name, token, default);
    }

    HostProcess Operator(int day) =>
        Start("operator", day, ["--identity", Path.Combine(folder, "operator"), "--root", Root, "--server", address.ToString()]);

    async Task<string> AskAsync(int day)
    {
        var asked = Operator(day);
        Assert.True(await asked.EndAsync() == 0, $"{asked.Tail()}\nThe server said:\n{server!.Tail()}");
        return asked.Lines.Single();
    }

    async Task JoinAsync(int day)
    {
        var client = Start("client", day,
            ["--numbers", "0", "--identity", Path.Combine(folder, "client-0"), "--root", Root, "--server", address.ToString(),
                "--folder", Path.Combine(folder, "kept"),
            "--history", Path.Combine(folder, $"{day}.jsonl"), "--patience", "60000", "--hold", "5000", "--training", "0"]);
        await client.LineAsync("the client renews",
            line => line.Contains("has a new certificate, good until", StringComparison.Ordinal));
        await client.LineAsync("the client joins", line => line.Contains("client-0 has joined", StringComparison.Ordinal));
        await client.KillAsync();
    }

    HostProcess Start(string what, int day, IEnumerable<string> arguments)
    {
        var started = new HostProcess([what, .. arguments, "--hours", (24 * day).ToString(CultureInfo.InvariantCulture)]);
        processes.Add(started);
        return started;
    }

    static string Thumbprint(string path)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(path);
        return certificate.Thumbprint;
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Plume.Server.Hosting;
using Plume.Server.Identity;
using Plume.Server.Identity.Admission;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;
using Plume.Server.Storage;

namespace Plume.Server.Bench;

/// <summary>A server in a process of its own, on a folder that outlives it.</summary>
sealed class ServerProcess : IDisposable
{
    /// <summary>How this program is told to be one.</summary>
    public const string Child = "server";

    /// <summary>In the folder: the certificates, where there are any.</summary>
    public const string Certificates = "certs";

    /// <summary>In the folder: an invitation for each client, a line each.</summary>
    public const string Invitations = "invitations";

    const string Ready = "ready at port ";

    readonly BenchPlan plan;
    readonly string folder;
    int port;
    Process process;

    ServerProcess(BenchPlan plan, string folder)
    {
        (this.plan, this.folder) = (plan, folder);
        process = Start();
    }

    public Uri Address => new($"{(Directory.Exists(Path.Combine(folder, Certificates)) ? "https" : "http")}://localhost:{port}");

    /// <summary>The most memory that it ever had, in bytes.</summary>
    public long PeakBytes => Status("VmHWM:");

    /// <summary>The memory that it has, in bytes.</summary>
    public long Bytes => Status("VmRSS:");

    public TimeSpan ProcessorTime => process.TotalProcessorTime;

    /// <summary>Starts a server.</summary>
    public static async Task<ServerProcess> StartAsync(BenchPlan plan, string folder)
    {
        var server = new ServerProcess(plan, folder);
        await server.ReadyAsync();
        return server;
    }

    /// <summary>Kills it, lets some time pass, and starts it again at the same place.</summary>
    public async Task RestartAsync(TimeSpan after)
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        await Task.Delay(after, TimeProvider.System);
        process = Start();
        await ReadyAsync();
    }

    /// <summary>What the child does.</summary>
    public static async Task HostAsync(BenchPlan plan, string folder, string port)
    {
        string certificates = Path.Combine(folder, Certificates);
        bool isSecure = Directory.Exists(certificates);
        using var authority = isSecure ? CertificateFolder.LoadAuthority(certificates, TimeProvider.System) : null;
        var options = new ServerOptions([plan.Definition], ServerStorage.InFolder(Path.Combine(folder, "state")))
        {
            Listen = new IPEndPoint(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture)),
            // All come from one address.
            Limits = new ServerLimits { Enrolments = 1_000_000, EnrolmentsPerAddress = 1_000_000 },
            Tls = authority is null ? null : new ServerTls(CertificateFolder.LoadServer(certificates), [], authority),
        };
        await using var app = PlumeServer.Build(options, logging => logging.AddSimpleConsole(console => console.SingleLine = true)
            .SetMinimumLevel(LogLevel.Error));
        if (isSecure)
            await InviteAsync(app, plan, Path.Combine(folder, Invitations));
        await app.StartAsync();
        Console.WriteLine(Ready + new Uri(app.Urls.First()).Port.ToString(CultureInfo.InvariantCulture));

        // Ends with whoever started it.
        using var stop = new CancellationTokenSource();
        _ = Task.Run(async () =>
        {
            await Console.In.ReadToEndAsync();
            await stop.CancelAsync();
        });
        await PlumeServer.WaitAsync(app, stop.Token);
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    static async Task InviteAsync(WebApplication app, BenchPlan plan, string path)
    {
        if (File.Exists(path))
            return;
        var tokens = app.Services.GetRequiredService<EnrolmentTokens>();
        var lines = new List<string>();
        for (int client = 0; client < plan.Clients; client++)
            lines.Add(await tokens.IssueAsync(Crowd.NameOf(client), Roles.Client, [BenchPlan.Federation], TimeSpan.FromDays(1),
                default));
        await File.WriteAllLinesAsync(path, lines);
    }

    Process Start() => Process.Start(
        new ProcessStartInfo(Environment.ProcessPath!,
            [Child, .. plan.ToArguments(), folder, port.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;

    async Task ReadyAsync()
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith(Ready, StringComparison.Ordinal))
                continue;
            port = int.Parse(line.AsSpan(Ready.Length), CultureInfo.InvariantCulture);
            return;
        }

        throw new InvalidOperationException("The server ended before it was ready.");
    }

    long Status(string field)
    {
        string line = File.ReadLines($"/proc/{process.Id}/status")
            .First(line => line.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line[field.Length..^2], CultureInfo.InvariantCulture) << 10;
    }
}

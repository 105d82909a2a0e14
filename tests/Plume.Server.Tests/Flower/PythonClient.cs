using System.Diagnostics;
using System.Text.Json;
using Google.Protobuf;
using Plume.Protocol.Flower;

namespace Plume.Server.Tests.Flower;

/// <summary>A Python process that runs client.py with Debian's Python, gRPC and NumPy.</summary>
sealed class PythonClient : IDisposable
{
    const string Python = "/usr/bin/python3";
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    readonly string descriptor = Path.GetTempFileName();
    readonly Process process;
    readonly Task<string> output, errors;

    public PythonClient(int port, params string[] arguments)
    {
        File.WriteAllBytes(descriptor, TransportReflection.Descriptor.ToProto().ToByteArray());
        var start = new ProcessStartInfo(Python, [Script, $"127.0.0.1:{port}", descriptor, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        process = Process.Start(start) ?? throw new InvalidOperationException($"{Python} did not start.");
        output = process.StandardOutput.ReadToEndAsync();
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>
    /// Whether what it needs is installed; without it the tests are skipped, which the gate does not take for a pass.
    /// </summary>
    public static bool IsThere { get; } = File.Exists(Python) && Imports();

    static string Script => Path.Combine(AppContext.BaseDirectory, "Flower", "client.py");

    /// <summary>What the client found in each round, once it has ended by itself.</summary>
    public async Task<IReadOnlyList<RoundLosses>> EndAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Patience);
        Assert.True(process.ExitCode == 0, await errors);
        string[] lines = (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => JsonSerializer.Deserialize<RoundLosses>(line, JsonSerializerOptions.Web)!)];
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
        File.Delete(descriptor);
    }

    static bool Imports()
    {
        using var tried = Process.Start(
            new ProcessStartInfo(Python, ["-c", "import grpc, numpy, google.protobuf"]) { RedirectStandardError = true });
        tried?.WaitForExit();
        return tried?.ExitCode == 0;
    }

    /// <summary>Losses of a round on a client's own data.</summary>
    internal sealed record RoundLosses(int Round, double Received, double Trained);
}

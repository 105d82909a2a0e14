using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Plume.Learning.Data;

namespace Plume.Cli.Tests.Network;

/// <summary>samples/python as its page says it: identities by plume, and the client by Debian's Python.</summary>
public sealed class PythonSampleTests : IDisposable
{
    const string Python = "/usr/bin/python3", Compiler = "/usr/bin/protoc";
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Python_clients_with_certificates_learn_digits_together_and_the_foreign_are_told_why_not()
    {
        Assert.SkipUnless(File.Exists(Compiler) && (await RunAsync(Python, "-c", "import grpc, numpy, xxhash")).Code == 0,
            "needs protobuf-compiler, python3-grpcio, python3-numpy and python3-xxhash");
        File.WriteAllText(folder["digits.json"], """
            { "name": "digits", "seed": 1, "rounds": 3, "clients": 2, "participants": 2, "data": { "set": "digits" },
              "model": { "name": "logistic" }, "client": { "epochs": 5, "batchSize": 16, "learningRate": 0.1 },
              "uplink": "pack", "downlink": "pack" }
            """);
        var (train, _) = Digits.Load();
        WriteTable("site-a.csv", train, first: 0);
        WriteTable("site-b.csv", train, first: 1);
        var compiled = await RunAsync(Compiler, "-I", Repository.Path("src/Plume.Protocol"), $"--python_out={folder.Path}",
            "plume/v1/plume.proto");
        Assert.True(compiled.Code == 0, compiled.Said);
        Do("certs", "init", "--out", folder["certs"]);
        using var server = Program.StartUntil("Serving", out string said, "serve", folder["digits.json"], "--certs", folder["certs"],
            "--state", folder["server"], "--listen", "127.0.0.1:0", "--page", "none");
        try
        {
            string address = said[said.LastIndexOf("https", StringComparison.Ordinal)..].Trim();
            string[] asOperator = [address, "--root", folder["certs/root.pem"], "--identity", folder["admin"]];
            Do(["enrol", .. asOperator, "--name", "admin", "--token-file", folder["server/admin.token"]]);
            foreach (string name in new[] { "site-a", "site-b" })
            {
                File.WriteAllText(folder[name + ".token"], Do(["invite", .. asOperator, "--name", name, "--federation", "digits"]));
                Do("enrol", address, "--root", folder["certs/root.pem"], "--name", name, "--token-file", folder[name + ".token"],
                    "--identity", folder[name]);
            }

            var foreign = await JoinAsync(address, "letters", "site-a");
            Assert.Equal(2, foreign.Code);
            Assert.Contains("There is no federation of this name", foreign.Said, StringComparison.Ordinal);

            foreach (var ended in await Task.WhenAll(JoinAsync(address, "digits", "site-a"), JoinAsync(address, "digits", "site-b")))
            {
                Assert.True(ended.Code == 0, ended.Said);
                Assert.Equal(3, ended.Said.Split('\n').Count(line => line.EndsWith(", 2605 bytes, counted", StringComparison.Ordinal)));
            }

            using var status = JsonDocument.Parse(Do(["status", .. asOperator, "--federation", "digits", "--json"]));
            Assert.InRange(status.RootElement.GetProperty("history")[2].GetProperty("accuracy").GetDouble(), 0.8, 1);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
        }
    }

    Task<(int Code, string Said)> JoinAsync(string address, string federation, string name) =>
        RunAsync(Python, Repository.Path("samples/python/client.py"), address["https://".Length..], federation, folder[name + ".csv"],
            "--root", folder["certs/root.pem"], "--identity", folder[name]);

    static string Do(params string[] arguments)
    {
        var run = InProcess.Run(arguments);
        Assert.True(run.Code == 0, $"{string.Join(' ', arguments)}: {run.Code}\n{run.Output}{run.Error}");
        return run.Output;
    }

    // Every second sample, below a line of names.
    void WriteTable(string name, LabeledSet set, int first)
    {
        using var table = new StreamWriter(folder[name]);
        table.WriteLine(string.Join(',', Enumerable.Range(0, set.SampleLength).Select(pixel => $"pixel{pixel}")) + ",digit");
        for (int sample = first; sample < set.Count; sample += 2)
        {
            foreach (float pixel in set[sample])
                table.Write(pixel.ToString(CultureInfo.InvariantCulture) + ",");
            table.WriteLine(set.Labels[sample]);
        }
    }

    async Task<(int Code, string Said)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PYTHONPATH"] = folder.Path },
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }

        return (process.ExitCode, await output + await errors);
    }
}

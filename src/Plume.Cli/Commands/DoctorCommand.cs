using System.CommandLine;
using System.Text.Json;
using Plume.Cli.Doctor;
using Plume.Cli.Errors;
using Plume.Cli.Network;
using Plume.Cli.Network.Serving;
using Plume.Cli.Terminal;
using Plume.Client.Identity;

namespace Plume.Cli.Commands;

/// <summary><c>plume doctor</c>: what is here, what is missing, and what does not work without it.</summary>
static class DoctorCommand
{
    public static Command Create()
    {
        var certs = new Option<string>("--certs")
        {
            Description = "The folder of a server's certificates.",
            DefaultValueFactory = _ => "certs",
        };
        var listen = new Option<string>("--listen")
        {
            Description = "Where a server is to listen.",
            DefaultValueFactory = _ => "127.0.0.1:7443",
        };
        var server = new Option<string?>("--server")
        {
            Description = "Also see whether this server can be reached: https://host:7443.",
        };
        var root = new Option<string?>("--root")
        {
            Description = "root.pem of that server; without it, servers are believed that this machine believes.",
        };
        var json = new Option<bool>("--json") { Description = "Print a JSON array." };
        var command = new Command("doctor", "Look at what is here and what is missing, and say what does not work without it.")
        {
            certs, listen, server, root, json,
        };
        command.SetAction(async (line, stop) => (int)await RunAsync(line.GetValue(certs)!, line.GetValue(listen)!,
            line.GetValue(server), line.GetValue(root), line.GetValue(json), stop));
        return command;
    }

    static async Task<ExitCode> RunAsync(string certs, string listen, string? server, string? root, bool json,
        CancellationToken stop)
    {
        var address = server is null ? null : ServerConnection.Parse(server);
        var trust = root is null ? ServerTrust.OfMachine : ServerTrust.FromRoot(root);
        List<Finding> found = [.. Machine.Look(), .. Ingredients.Look(),
            .. Serving.Look(Address(listen), certs, TimeProvider.System)];
        if (address is not null)
            found.AddRange(await Reach.LookAsync(address, trust, TimeProvider.System, stop));
        Console.Out.Write(json ? JsonSerializer.Serialize(found, DoctorJson.Default.IReadOnlyListFinding) + "\n" : Text(found));
        return found.Any(finding => finding.Verdict == Verdict.Wrong) ? ExitCode.Input : ExitCode.Done;
    }

    static System.Net.IPEndPoint Address(string listen)
    {
        try
        {
            return ListenAddress.Parse(listen);
        }
        catch (FormatException mistake)
        {
            throw new CliException(ExitCode.Usage, $"--listen {mistake.Message}.", mistake);
        }
    }

    static string Text(List<Finding> found)
    {
        string table = TextTable.Print(["", "", ""], found.Select(finding => (IReadOnlyList<string>)
            [finding.Verdict == Verdict.Good ? "ok" : finding.Verdict == Verdict.Note ? "note" : "WRONG", finding.What, finding.Says]));
        var todo = found.Where(finding => finding.Next is not null).Select(finding => $"{finding.What}: {finding.Next}\n").ToList();
        return table.TrimStart('\n') + (todo.Count == 0 ? "\nAll is well.\n" : $"\n{string.Concat(todo)}");
    }
}

using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Runs;
using Plume.Cli.Terminal;
using Plume.Server.Identity.Certificates;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume certs init</c>: a private root and a server's certificate, for a trial.</summary>
static class CertsCommand
{
    public static Command Create()
    {
        var folder = new Option<string>("--out")
        {
            Description = "The folder for root.pem, root.key, server.pem and server.key.",
            DefaultValueFactory = _ => "certs",
        };
        var hosts = new Option<string[]>("--host")
        {
            Description = "A name or address that clients reach the server by; may be given several times. [default: those of "
                + "the certificate before, or localhost and 127.0.0.1]",
            DefaultValueFactory = _ => [],
        };
        var init = new Command("init", "Make a private root and a certificate for the server; an existing root is kept.")
        {
            folder, hosts,
        };
        init.SetAction(line => (int)Init(line.GetValue(folder)!, line.GetValue(hosts)!));
        return new Command("certs", "Certificates for a server and its clients.") { init };
    }

    static ExitCode Init(string folder, string[] hosts)
    {
        var before = CertificateFolder.HostsIn(folder);
        if (hosts.Length == 0)
            hosts = before.Count > 0 ? [.. before] : ["localhost", "127.0.0.1"];
        bool made = Made(folder, hosts);
        Tell.Result($"{(made ? "A new root and a" : "The root was kept; a new")} certificate for {string.Join(", ", hosts)} "
            + $"lie in {folder}. Give clients {Path.Combine(folder, CertificateFolder.RootCertificate)}; keep "
            + $"{CertificateFolder.RootKey} to yourself.");
        string[] dropped = [.. before.Except(hosts, StringComparer.OrdinalIgnoreCase)];
        if (dropped.Length > 0)
            Tell.Note($"The certificate is no longer for {string.Join(", ", dropped)}, which the one before had: name every host with --host.");
        return ExitCode.Done;
    }

    static bool Made(string folder, string[] hosts)
    {
        var output = new OutputFolder(folder, "folder of certificates", "--out");
        output.Make();
        try
        {
            return InputErrors.Explain(() => CertificateFolder.Initialise(folder, hosts, TimeProvider.System), ExitCode.Usage);
        }
        catch
        {
            output.Unmake();
            throw;
        }
    }
}

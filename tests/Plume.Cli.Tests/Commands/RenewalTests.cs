using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using Plume.Server.Identity;
using Plume.Server.Identity.Certificates;

namespace Plume.Cli.Tests.Commands;

/// <summary>An operator stays in: every command renews the certificate that it shows.</summary>
public sealed class RenewalTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_operators_certificate_is_renewed_by_any_command_also_for_a_while_after_it_ended()
    {
        CertificateFolder.Initialise(folder["certs"], ["127.0.0.1"], Ago(150));
        using var server = Program.StartUntil("Serving", out string line, "serve", "--certs", folder["certs"], "--listen",
            "127.0.0.1:0", "--state", folder["state"]);
        string address = line[line.LastIndexOf("https", StringComparison.Ordinal)..], root = folder["certs/root.pem"];
        Assert.Equal(0, Program.Run("enrol", address, "--root", root, "--token-file", folder["state/admin.token"], "--name",
            "admin", "--identity", folder["admin"]).Code);

        Assert.Empty(Ask("status").Error);
        foreach (int days in (int[])[45, 75])
        {
            Age(days);
            var asked = Ask(days == 45 ? "clients" : "status");
            Assert.Equal((0, $"The certificate in {folder["admin"]} is renewed and good until "
                + $"{DateTime.UtcNow.AddDays(60):yyyy-MM-dd}."), (asked.Code, asked.Error.Trim()));
            Assert.Empty(Ask("status").Error);
        }

        Age(95);
        var refused = Ask("status");
        Assert.Equal(1, refused.Code);
        Assert.StartsWith("plume: The client certificate has expired and was not renewed in time. Ask the operator for a new "
            + "invitation.", refused.Error, StringComparison.Ordinal);
        Process.Start("kill", ["-TERM", $"{server.Id}"]).WaitForExit();
        server.WaitForExit();

        Program.Ended Ask(string command) => Program.Run(command, address, "--root", root, "--identity", folder["admin"]);
    }

    // The certificate for the same key, as if it had been issued so many days ago.
    void Age(int days)
    {
        using var authority = CertificateFolder.LoadAuthority(folder["certs"], Ago(days));
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(folder["admin/client.key"]));
        var request = SigningRequest.Read(new CertificateRequest("CN=admin", key, HashAlgorithmName.SHA256)
            .CreateSigningRequest());
        using var aged = authority.IssueClient(request, Roles.Admin);
        File.WriteAllText(folder["admin/client.pem"], aged.ExportCertificatePem());
    }

    static FakeTimeProvider Ago(int days) => new(DateTimeOffset.UtcNow.AddDays(-days));
}

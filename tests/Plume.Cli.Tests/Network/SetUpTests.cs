using Plume.Server.Identity.Certificates;

namespace Plume.Cli.Tests.Network;

/// <summary>What an operator does first, and the commands that are told to copy.</summary>
public sealed class SetUpTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Certificates_that_are_made_again_are_for_the_same_hosts_and_one_that_is_left_out_is_named()
    {
        string certs = folder["certs"];
        Assert.Equal(0, InProcess.Run("certs", "init", "--out", certs, "--host", "server.example", "--host", "10.0.0.7").Code);
        byte[] root = File.ReadAllBytes(Path.Combine(certs, CertificateFolder.RootCertificate));
        var again = InProcess.Run("certs", "init", "--out", certs);
        Assert.Equal(0, again.Code);
        Assert.StartsWith("The root was kept; a new certificate for server.example, 10.0.0.7 ", again.Output + again.Error);
        Assert.Equal(["server.example", "10.0.0.7"], CertificateFolder.HostsIn(certs));
        var fewer = InProcess.Run("certs", "init", "--out", certs, "--host", "server.example");
        Assert.Contains("no longer for 10.0.0.7, which the one before had", fewer.Error, StringComparison.Ordinal);
        Assert.Equal(["server.example"], CertificateFolder.HostsIn(certs));
        Assert.Equal(root, File.ReadAllBytes(Path.Combine(certs, CertificateFolder.RootCertificate)));
    }

    [Theory]
    [InlineData("status", "--identity", "nobody")]
    [InlineData("extend", "--rounds", "9", "--identity", "nobody")]
    [InlineData("join", "--data", "digits", "--federation", "digits", "--state", "nobody")]
    public void A_command_that_is_told_to_copy_has_the_root_that_the_line_had(string command, params string[] options)
    {
        Assert.Equal(0, InProcess.Run("certs", "init", "--out", folder["certs"]).Code);
        string root = Path.Combine(folder["certs"], CertificateFolder.RootCertificate);
        string[] line = [command, "https://127.0.0.1:1", "--root", root, .. options.Select(word => word == "nobody" ? folder["nobody"] : word)];
        var refused = InProcess.Run(line);
        Assert.Equal(1, refused.Code);
        Assert.Contains($"plume enrol https://127.0.0.1:1/ --root {root} --name NAME --token-file FILE --identity {folder["nobody"]}",
            refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("--root", InProcess.Run(line.Where(word => word != "--root" && word != root)).Error, StringComparison.Ordinal);
    }
}

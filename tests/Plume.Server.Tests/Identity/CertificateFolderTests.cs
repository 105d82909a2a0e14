using System.Security.Cryptography.X509Certificates;
using Plume.Server.Identity.Certificates;

namespace Plume.Server.Tests.Identity;

public sealed class CertificateFolderTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("plume-certs-").FullName;
    readonly SettableTime time = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_certificate_of_another_authority_is_shown_with_those_that_issued_it_and_never_replaced()
    {
        CertificateFolder.Initialise(folder, ["localhost"], time);
        Assert.Empty(CertificateFolder.LoadIssuers(folder));
        using var other = CertificateAuthority.Create(time);
        using var theirs = other.IssueServer(["example.org"]);
        using var key = theirs.GetECDsaPrivateKey()!;
        string chain = $"{theirs.ExportCertificatePem()}\n{other.Root.ExportCertificatePem()}\n";
        File.WriteAllText(InFolder(CertificateFolder.ServerCertificate), chain);
        File.WriteAllText(InFolder(CertificateFolder.ServerKey), key.ExportPkcs8PrivateKeyPem());

        using var shown = CertificateFolder.LoadServer(folder);
        Assert.Equal(theirs.Thumbprint, shown.Thumbprint);
        Assert.Equal(other.Root.Thumbprint, Assert.Single(CertificateFolder.LoadIssuers(folder)).Thumbprint);
        Assert.Contains("is not replaced. Move it away first.",
            Assert.Throws<InvalidDataException>(() => CertificateFolder.Initialise(folder, ["localhost"], time)).Message,
            StringComparison.Ordinal);
        Assert.Equal(chain, File.ReadAllText(InFolder(CertificateFolder.ServerCertificate)));
    }

    [Fact]
    public void A_root_is_made_once_and_issues_what_it_trusts()
    {
        Assert.True(CertificateFolder.Initialise(folder, ["localhost", "127.0.0.1", "::1"], time));
        using var root = X509CertificateLoader.LoadCertificateFromFile(InFolder(CertificateFolder.RootCertificate));
        using var first = CertificateFolder.LoadServer(folder);
        Assert.False(CertificateFolder.Initialise(folder, ["example.org"], time));
        using var authority = CertificateFolder.LoadAuthority(folder, time);
        using var second = CertificateFolder.LoadServer(folder);
        Assert.Equal(root.RawData, authority.Root.RawData);
        Assert.Equal(["localhost", "127.0.0.1", "::1"], Hosts(first));
        Assert.Equal(["example.org"], Hosts(second));
        Assert.NotEqual(first.SerialNumber, second.SerialNumber);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        Assert.True(chain.Build(second));
    }

    [Theory]
    [InlineData(CertificateFolder.RootKey)]
    [InlineData(CertificateFolder.RootCertificate)]
    [InlineData(CertificateFolder.ServerKey)]
    [InlineData(CertificateFolder.ServerKey + ".next")]
    [InlineData(CertificateFolder.ServerCertificate)]
    public void What_cannot_be_written_whole_is_not_begun(string inTheWay)
    {
        Directory.CreateDirectory(InFolder(inTheWay));
        Assert.ThrowsAny<SystemException>(() => CertificateFolder.Initialise(folder, ["localhost"], time));
        Assert.Equal([InFolder(inTheWay)], Directory.GetFileSystemEntries(folder));
        Directory.Delete(InFolder(inTheWay));
        Assert.True(CertificateFolder.Initialise(folder, ["localhost"], time));
        CertificateFolder.LoadServer(folder).Dispose();
    }

    [Fact]
    public void A_damaged_certificate_of_the_server_is_made_anew()
    {
        CertificateFolder.Initialise(folder, ["localhost"], time);
        File.WriteAllText(InFolder(CertificateFolder.ServerCertificate), "nothing of use");

        Assert.False(CertificateFolder.Initialise(folder, ["localhost"], time));

        using var server = CertificateFolder.LoadServer(folder);
        Assert.Equal(["localhost"], Hosts(server));
    }

    [Fact]
    public void A_server_that_runs_for_years_renews_its_own_certificate_until_its_root_ends()
    {
        CertificateFolder.Initialise(folder, ["localhost", "127.0.0.1"], time);
        using var authority = CertificateFolder.LoadAuthority(folder, time);
        var served = ServedCertificate.Load(folder, authority, time);
        Assert.Null(served.Refresh());
        for (int year = 0; year < 10; year++)
        {
            var before = served.Certificate;
            time.Move(CertificateAuthority.ServerLife * 0.9);
            Assert.StartsWith("The server's certificate was renewed: it is good until ", served.Refresh(),
                StringComparison.Ordinal);
            Assert.NotEqual(before.Thumbprint, served.Certificate.Thumbprint);
            Assert.InRange(time.GetUtcNow(), served.Certificate.NotBefore.ToUniversalTime(),
                served.Certificate.NotAfter.ToUniversalTime());
            Assert.Equal(["localhost", "127.0.0.1"], Hosts(CertificateFolder.LoadServer(folder)));
        }

        Assert.Equal(authority.Root.NotAfter, served.Certificate.NotAfter);
        time.Move(CertificateAuthority.ServerLife);
        Assert.Contains("The root has ended on ",
            Assert.Throws<InvalidDataException>(() => CertificateFolder.Initialise(folder, ["localhost"], time)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_is_put_into_the_folder_is_shown_without_a_restart_and_one_of_another_authority_is_left_alone()
    {
        CertificateFolder.Initialise(folder, ["localhost"], time);
        using var authority = CertificateFolder.LoadAuthority(folder, time);
        var served = ServedCertificate.Load(folder, authority, time);
        using var other = CertificateAuthority.Create(time);
        using var theirs = other.IssueServer(["example.org"]);
        using var key = theirs.GetECDsaPrivateKey()!;
        File.WriteAllText(InFolder(CertificateFolder.ServerKey), key.ExportPkcs8PrivateKeyPem());
        Assert.StartsWith("The server goes on with the certificate that it has", served.Refresh(), StringComparison.Ordinal);
        File.WriteAllText(InFolder(CertificateFolder.ServerCertificate), theirs.ExportCertificatePem());
        Assert.StartsWith("The server shows the certificate that was put into ", served.Refresh(), StringComparison.Ordinal);
        Assert.Equal(theirs.Thumbprint, served.Certificate.Thumbprint);
        time.Move(CertificateAuthority.ServerLife * 2);
        Assert.Null(served.Refresh());
    }

    [Fact]
    public void A_server_stopped_between_its_two_files_has_a_pair_when_it_comes_back()
    {
        CertificateFolder.Initialise(folder, ["localhost"], time);
        using var authority = CertificateFolder.LoadAuthority(folder, time);
        using var next = authority.IssueServer(["localhost"]);
        using var key = next.GetECDsaPrivateKey()!;
        File.WriteAllText(InFolder("server.key.next"), key.ExportPkcs8PrivateKeyPem());
        using (var before = CertificateFolder.LoadServer(folder))
            Assert.NotEqual(next.Thumbprint, before.Thumbprint);
        File.WriteAllText(InFolder(CertificateFolder.ServerCertificate), next.ExportCertificatePem());
        using var after = CertificateFolder.LoadServer(folder);
        Assert.Equal(next.Thumbprint, after.Thumbprint);
    }

    [Fact]
    public void Keys_are_for_their_owner_only()
    {
        if (OperatingSystem.IsWindows())
            return;
        CertificateFolder.Initialise(folder, ["localhost"], time);
        foreach (string name in new[] { CertificateFolder.RootKey, CertificateFolder.ServerKey })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(InFolder(name)));
        Assert.Equal(4, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public void Files_that_do_not_belong_together_are_named()
    {
        CertificateFolder.Initialise(folder, ["localhost"], time);
        File.Copy(InFolder(CertificateFolder.ServerKey), InFolder(CertificateFolder.RootKey), overwrite: true);
        Assert.Contains(CertificateFolder.RootKey,
            Assert.Throws<InvalidDataException>(() => CertificateFolder.LoadAuthority(folder, time)).Message,
            StringComparison.Ordinal);
        File.Delete(InFolder(CertificateFolder.RootKey));
        Assert.Throws<InvalidDataException>(() => CertificateFolder.Initialise(folder, ["localhost"], time));
        File.Delete(InFolder(CertificateFolder.ServerCertificate));
        Assert.Throws<InvalidDataException>(() => CertificateFolder.LoadServer(folder));
    }

    [Fact]
    public void A_certificate_is_for_hosts()
    {
        Assert.Throws<ArgumentException>(() => CertificateFolder.Initialise(folder, [], time));
        Assert.Throws<ArgumentException>(() => CertificateFolder.Initialise(folder, ["https://localhost/"], time));
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public void No_certificate_outlives_its_root()
    {
        using var authority = CertificateAuthority.Create(time);
        time.Move(CertificateAuthority.RootLife - TimeSpan.FromDays(30));
        using var server = authority.IssueServer(["localhost"]);
        Assert.Equal(authority.Root.NotAfter, server.NotAfter);
    }

    string InFolder(string name) => Path.Combine(folder, name);

    static IEnumerable<string> Hosts(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        return names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString()));
    }
}

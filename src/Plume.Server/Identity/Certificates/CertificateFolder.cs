using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Plume.Compression.Files;

namespace Plume.Server.Identity.Certificates;

/// <summary>
/// A folder with a root of trust and a server's certificate, each with its key in a file that only its owner may read.
/// </summary>
public static class CertificateFolder
{
    /// <summary>The root's certificate, which clients are given.</summary>
    public const string RootCertificate = "root.pem";

    /// <summary>The root's key: whoever has it can name any client.</summary>
    public const string RootKey = "root.key";

    /// <summary>The server's certificate.</summary>
    public const string ServerCertificate = "server.pem";

    /// <summary>The server's key.</summary>
    public const string ServerKey = "server.key";

    const string NextKey = ServerKey + ".next";

    /// <summary>Makes a root where the folder has none, and a new certificate for the server.</summary>
    /// <param name="folder">Made where it is missing.</param>
    /// <param name="hosts">The DNS names and IP addresses that clients reach the server by.</param>
    /// <param name="time">Tells from when on certificates are good.</param>
    /// <returns>Whether a root was made; false where the folder's own was kept.</returns>
    /// <exception cref="ArgumentException">A host is neither a DNS name nor an address, or there is none.</exception>
    /// <exception cref="InvalidDataException">The folder has one of the root's files without the other, damaged ones, or a
    /// server's certificate that another authority issued.</exception>
    /// <exception cref="IOException">The folder could not be written.</exception>
    public static bool Initialise(string folder, IReadOnlyList<string> hosts, TimeProvider time)
    {
        PrivateFiles.MakeFolder(folder);
        bool exists = File.Exists(Path.Combine(folder, RootCertificate)) || File.Exists(Path.Combine(folder, RootKey));
        using var authority = exists ? LoadAuthority(folder, time) : CertificateAuthority.Create(time);
        RequireOwn(folder, authority.Root);
        using var server = authority.IssueServer(hosts);
        if (exists)
            WriteServer(folder, server);
        else
            WriteAll(folder, authority, server);
        return !exists;
    }

    // A root without its key, or a server's certificate without its root, would only be in the way of the next try.
    static void WriteAll(string folder, CertificateAuthority authority, X509Certificate2 server)
    {
        string[] missing = [.. new[] { RootKey, RootCertificate, NextKey, ServerCertificate,
            ServerKey }.Select(name => Path.Combine(folder, name)).Where(path => !Path.Exists(path))];
        try
        {
            WriteKey(Path.Combine(folder, RootKey), authority.ExportKey());
            WriteCertificate(Path.Combine(folder, RootCertificate), authority.Root);
            WriteServer(folder, server);
        }
        catch
        {
            Array.ForEach(missing, File.Delete);
            throw;
        }
    }

    /// <summary>
    /// Puts a server's certificate and key in the place of those before. Two files cannot be replaced at once: the key lies
    /// beside the old one until its certificate is in its place.
    /// </summary>
    /// <exception cref="IOException">The folder could not be written; those before stand.</exception>
    internal static void WriteServer(string folder, X509Certificate2 server)
    {
        string next = Path.Combine(folder, NextKey);
        using var key = server.GetECDsaPrivateKey()!;
        WriteKey(next, key.ExportPkcs8PrivateKeyPem());
        try
        {
            WriteCertificate(Path.Combine(folder, ServerCertificate), server);
        }
        catch
        {
            File.Delete(next);
            throw;
        }

        File.Move(next, Path.Combine(folder, ServerKey), overwrite: true);
    }

    /// <summary>
    /// The DNS names and IP addresses in the server's certificate; none where there is no certificate that can be read.
    /// </summary>
    public static IReadOnlyList<string> HostsIn(string folder)
    {
        string path = Path.Combine(folder, ServerCertificate);
        if (!File.Exists(path))
            return [];
        try
        {
            using var present = X509CertificateLoader.LoadCertificateFromFile(path);
            return [.. present.Extensions.OfType<X509SubjectAlternativeNameExtension>()
                .SelectMany(names => names.EnumerateDnsNames()
                    .Concat(names.EnumerateIPAddresses().Select(address => address.ToString())))];
        }
        catch (CryptographicException)
        {
            return [];
        }
    }

    /// <summary>Reads the root and its key.</summary>
    /// <exception cref="InvalidDataException">The files are missing, damaged or not of one pair.</exception>
    public static CertificateAuthority LoadAuthority(string folder, TimeProvider time) =>
        Load(folder, RootCertificate, RootKey, (certificate, key) => CertificateAuthority.FromPem(certificate, key, time));

    /// <summary>Reads the server's certificate and key, ready for TLS.</summary>
    /// <exception cref="InvalidDataException">The files are missing, damaged or not of one pair.</exception>
    public static X509Certificate2 LoadServer(string folder) =>
        Load(folder, ServerCertificate, ServerKey,
            (certificate, key) => ForTls(OfNextKey(folder, certificate) ?? X509Certificate2.CreateFromPem(certificate, key)));

    /// <summary>A certificate with its key, as TLS takes it.</summary>
    internal static X509Certificate2 ForTls(X509Certificate2 loaded)
    {
        // TLS on Windows does not take a key that was never in a key store.
        return OperatingSystem.IsWindows()
            ? X509CertificateLoader.LoadPkcs12(loaded.Export(X509ContentType.Pkcs12), password: null) : loaded;
    }

    /// <summary>
    /// Reads the certificates that stand after the server's own in its file: those that issued it, where a public authority did.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is missing or damaged.</exception>
    public static X509Certificate2Collection LoadIssuers(string folder) =>
        Load(folder, ServerCertificate, ServerKey, (certificates, _) =>
        {
            var issuers = new X509Certificate2Collection();
            issuers.ImportFromPem(certificates);
            issuers[0].Dispose();
            issuers.RemoveAt(0);
            return issuers;
        });

    // Whoever wrote the certificate may have been stopped before its key was in its place.
    static X509Certificate2? OfNextKey(string folder, string certificate)
    {
        string next = Path.Combine(folder, NextKey);
        try
        {
            return PrivateFiles.Exists(next) ? X509Certificate2.CreateFromPem(certificate, File.ReadAllText(next)) : null;
        }
        catch (Exception notIts) when (notIts is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    static void RequireOwn(string folder, X509Certificate2 root)
    {
        string path = Path.Combine(folder, ServerCertificate);
        if (!File.Exists(path))
            return;
        try
        {
            using var present = X509CertificateLoader.LoadCertificateFromFile(path);
            if (present.Issuer != root.Subject)
                throw new InvalidDataException(
                    $"The certificate in '{path}' is of '{present.Issuer}' and not of this folder's root, so it is not "
                        + $"replaced. Move it away first.");
        }
        catch (CryptographicException)
        {
            // A damaged one is of use to nobody.
        }
    }

    static T Load<T>(string folder, string certificate, string key, Func<string, string, T> read)
    {
        try
        {
            return read(Encoding.UTF8.GetString(PrivateFiles.Read(Path.Combine(folder, certificate))),
                Encoding.UTF8.GetString(PrivateFiles.Read(Path.Combine(folder, key))));
        }
        catch (Exception error) when (error is IOException or InvalidDataException or CryptographicException or ArgumentException)
        {
            throw new InvalidDataException(
                $"{folder} must hold {certificate} and {key}, a certificate and its key in PEM, and does not: {error.Message} "
                    + $"Make them with plume certs init.", error);
        }
    }

    static void WriteKey(string path, string key) => AtomicFile.Write(path, Encoding.ASCII.GetBytes(key), AtomicFile.OwnerOnly);

    static void WriteCertificate(string path, X509Certificate2 certificate) =>
        AtomicFile.Write(path, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"), AtomicFile.OwnerOnly);
}

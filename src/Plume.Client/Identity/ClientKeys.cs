using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Plume.Compression.Files;

namespace Plume.Client.Identity;

/// <summary>
/// A client's certificate and key in its folder. Two files cannot be replaced at once, so a new key lies beside the old one until
/// the certificate for it is in its place: whenever the client is stopped, one of the two keys belongs to the certificate.
/// </summary>
sealed class ClientKeys(string folder)
{
    string CertificatePath => Path.Combine(folder, "client.pem");

    string KeyPath => Path.Combine(folder, "client.key");

    string NextKeyPath => Path.Combine(folder, "client.key.next");

    /// <summary>The certificate with its key; null where there is none.</summary>
    /// <exception cref="InvalidDataException">The files are damaged or do not belong together.</exception>
    public X509Certificate2? Load()
    {
        if (!PrivateFiles.Exists(CertificatePath))
            return null;
        try
        {
            PrivateFiles.Exists(KeyPath);
            string certificate = File.ReadAllText(CertificatePath);
            using var bare = X509Certificate2.CreateFromPem(certificate);
            if (PrivateFiles.Exists(NextKeyPath) && Belongs(NextKeyPath, bare))
                File.Move(NextKeyPath, KeyPath, overwrite: true);
            return ForTls(X509Certificate2.CreateFromPem(certificate, File.ReadAllText(KeyPath)));
        }
        catch (Exception error) when (error is IOException or CryptographicException or ArgumentException)
        {
            throw new InvalidDataException(
                $"{folder} must hold client.pem and client.key, a certificate and its key in PEM, and does not: "
                    + $"{error.Message} Delete them and enrol with a new invitation.", error);
        }
    }

    /// <summary>
    /// The key for the next certificate. It is kept before anyone is asked for the certificate and stays the same until there is
    /// one: if the answer gets lost, the server knows the key again.
    /// </summary>
    /// <exception cref="IOException">It could not be kept.</exception>
    public ECDsa NextKey()
    {
        PrivateFiles.MakeFolder(folder);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (PrivateFiles.Exists(NextKeyPath))
        {
            try
            {
                key.ImportFromPem(File.ReadAllText(NextKeyPath));
                return key;
            }
            catch (Exception error) when (error is CryptographicException or ArgumentException)
            {
                // Nobody has seen a certificate for a damaged key; a new one takes its place.
                key.Dispose();
                key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            }
        }

        AtomicFile.Write(NextKeyPath, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()), AtomicFile.OwnerOnly);
        return key;
    }

    /// <summary>Puts a certificate for the next key in the place of the one before.</summary>
    /// <exception cref="IOException">It could not be kept; the one before stands.</exception>
    public X509Certificate2 Accept(X509Certificate2 certificate)
    {
        AtomicFile.Write(CertificatePath, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"),
            AtomicFile.OwnerOnly);
        return Load()!;
    }

    static bool Belongs(string keyPath, X509Certificate2 certificate)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(keyPath));
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            return false;
        }

        return key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    static X509Certificate2 ForTls(X509Certificate2 loaded)
    {
        if (!OperatingSystem.IsWindows())
            return loaded;
        // TLS on Windows does not take a key that was never in a key store.
        using (loaded)
            return X509CertificateLoader.LoadPkcs12(loaded.Export(X509ContentType.Pkcs12), password: null);
    }
}

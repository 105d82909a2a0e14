using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Plume.Server.Identity.Certificates;

/// <summary>
/// The certificate that a server shows, as it lies in its folder: one that is put there while the server runs is taken up, and
/// one of the folder's own root is renewed when two thirds of its life are over.
/// </summary>
/// <remarks>Any thread may use it.</remarks>
public sealed class ServedCertificate
{
    readonly string folder;
    readonly CertificateAuthority authority;
    readonly TimeProvider time;
    readonly Lock gate = new();
    volatile Shown shown;

    sealed record Shown(X509Certificate2 Certificate, SslStreamCertificateContext Context);

    ServedCertificate(string folder, CertificateAuthority authority, TimeProvider time)
    {
        (this.folder, this.authority, this.time) = (folder, authority, time);
        shown = Read();
    }

    /// <summary>The newest certificate, with its key.</summary>
    public X509Certificate2 Certificate => shown.Certificate;

    /// <summary>The same with those that issued it, as TLS takes it.</summary>
    internal SslStreamCertificateContext Context => shown.Context;

    /// <summary>Reads what the folder has.</summary>
    /// <exception cref="InvalidDataException">The files are missing, damaged or not of one pair.</exception>
    public static ServedCertificate Load(string folder, CertificateAuthority authority, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(authority);
        ArgumentNullException.ThrowIfNull(time);
        return new ServedCertificate(folder, authority, time);
    }

    /// <summary>
    /// Takes up what was put into the folder, and renews a certificate of the own root if that is due. New connections are shown
    /// the new one.
    /// </summary>
    /// <returns>What was done, or could not be, in a sentence; null where there was nothing to do.</returns>
    public string? Refresh()
    {
        lock (gate)
        {
            try
            {
                var found = Read();
                bool isOther = found.Certificate.Thumbprint != Certificate.Thumbprint;
                if (isOther)
                    shown = found;
                if (IsDue(Certificate))
                    return Renew();
                return isOther ? $"The server shows the certificate that was put into {folder}, good until {End(Certificate)}."
                    : null;
            }
            catch (Exception problem) when (problem is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                return $"The server goes on with the certificate that it has, good until {End(Certificate)}: {problem.Message}";
            }
        }
    }

    // Where the folder may not be written to, as under a unit that protects the system, the renewed one is shown until the next
    // start.
    string Renew()
    {
        var renewed = authority.RenewServer(Certificate);
        try
        {
            CertificateFolder.WriteServer(folder, renewed);
            shown = Read();
            return $"The server's certificate was renewed: it is good until {End(Certificate)}.";
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            var kept = CertificateFolder.ForTls(renewed);
            shown = new Shown(kept, SslStreamCertificateContext.Create(kept, [], offline: true));
            return $"The server's certificate was renewed for as long as this server runs, good until {End(Certificate)}, but "
                + $"cannot be kept: {problem.Message} Run plume certs init before it is restarted.";
        }
    }

    // A certificate of another authority is for its owner to renew.
    bool IsDue(X509Certificate2 certificate)
    {
        DateTimeOffset begin = certificate.NotBefore.ToUniversalTime(), end = certificate.NotAfter.ToUniversalTime();
        return certificate.Issuer == authority.Root.Subject && time.GetUtcNow() >= begin + ((end - begin) * 2 / 3)
            && end < authority.Root.NotAfter.ToUniversalTime();
    }

    Shown Read()
    {
        var certificate = CertificateFolder.LoadServer(folder);
        return new Shown(certificate,
            SslStreamCertificateContext.Create(certificate, CertificateFolder.LoadIssuers(folder), offline: true));
    }

    static string End(X509Certificate2 certificate) => $"{certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}";
}

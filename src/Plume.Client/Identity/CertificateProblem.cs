using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Plume.Client.Identity;

/// <summary>Why a server's certificate is not believed, in words that say what to do about it.</summary>
static class CertificateProblem
{
    /// <summary>Says what is wrong with a certificate that TLS did not find good.</summary>
    /// <param name="shown">The certificate; null where the server has none.</param>
    /// <param name="chain">What was tried to lead from it to a root.</param>
    /// <param name="errors">What TLS found.</param>
    /// <param name="host">The host that was asked for.</param>
    /// <param name="rootFile">The file of the only root that is believed; null where those of the machine are.</param>
    /// <param name="time">The client's clock.</param>
    public static string Explain(X509Certificate2? shown, X509Chain? chain, SslPolicyErrors errors, string host, string? rootFile,
        TimeProvider time)
    {
        if (shown is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            return "The server showed no certificate. Check the address: what answers there is no server of Plume.";
        var wrong = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status)
            ?? X509ChainStatusFlags.NoError;
        if ((wrong & ~X509ChainStatusFlags.NotTimeValid) != X509ChainStatusFlags.NoError)
        {
            return rootFile is null
                ? "The server's certificate is not of a root that this machine believes. Name the root that the operator gave "
                    + "you: --root root.pem."
                : $"The server's certificate is not of the root in {rootFile}. Check the address, and ask the operator for "
                    + $"this server's root.pem.";
        }

        if (wrong.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return Time(shown, time.GetUtcNow().UtcDateTime);
        return $"The server's certificate is for {string.Join(", ", Names(shown))}, not for {host}. Connect by a name that it "
            + $"has, or ask the operator for one with this name (plume certs init --host {host}).";
    }

    static string Time(X509Certificate2 shown, DateTime now)
    {
        DateTime begin = shown.NotBefore.ToUniversalTime(), end = shown.NotAfter.ToUniversalTime();
        return now < begin
            ? $"The server's certificate is good from {begin:yyyy-MM-dd HH:mm} UTC only. Set the clocks of server and client."
            : $"The server's certificate, or its root, has expired: it was good until {end:yyyy-MM-dd HH:mm} UTC. Ask the "
                + $"operator for a new one (plume certs init, then restart the server).";
    }

    static IEnumerable<string> Names(X509Certificate2 shown) => shown.Extensions.OfType<X509SubjectAlternativeNameExtension>()
        .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())))
        .DefaultIfEmpty(shown.GetNameInfo(X509NameType.SimpleName, forIssuer: false));
}

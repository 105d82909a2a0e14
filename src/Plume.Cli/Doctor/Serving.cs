using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Plume.Server.Identity.Certificates;

namespace Plume.Cli.Doctor;

/// <summary>What <c>plume serve</c> needs: a port, and certificates that are good.</summary>
static class Serving
{
    static readonly TimeSpan Soon = TimeSpan.FromDays(30);

    /// <param name="listen">Where the server is to listen.</param>
    /// <param name="certs">The folder of certificates; it need not be there.</param>
    /// <param name="time">Tells whether they are good.</param>
    public static IEnumerable<Finding> Look(IPEndPoint listen, string certs, TimeProvider time) =>
        [Port(listen), Certificates(certs, time)];

    static Finding Port(IPEndPoint listen)
    {
        using var socket = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(listen);
            return Finding.Good("port", $"{listen} is free");
        }
        catch (SocketException taken)
        {
            return Finding.Note("port", $"{listen} cannot be listened at: {taken.Message}",
                "A server may be running here already; otherwise give plume serve another --listen.");
        }
    }

    static Finding Certificates(string folder, TimeProvider time)
    {
        if (!Directory.Exists(folder))
            return Finding.Note("certificates", $"there is no folder '{folder}'",
                "A server for other machines needs one: plume certs init; a trial on this machine does not.");
        try
        {
            using var authority = CertificateFolder.LoadAuthority(folder, time);
            using var server = CertificateFolder.LoadServer(folder);
            return Judge(folder, server, time.GetUtcNow());
        }
        catch (Exception broken) when (broken is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return Finding.Wrong("certificates", broken.Message, $"Make them: plume certs init --out {folder}");
        }
    }

    static Finding Judge(string folder, X509Certificate2 server, DateTimeOffset now)
    {
        var (from, until) = (server.NotBefore.ToUniversalTime(), server.NotAfter.ToUniversalTime());
        string says = $"{folder}: for {string.Join(", ", CertificateFolder.HostsIn(folder))}, good until {until:yyyy-MM-dd}";
        string renew = $"Renew it: plume certs init --out {folder}";
        return now.UtcDateTime < from ? Finding.Wrong("certificates", $"{says}, but only from {from:yyyy-MM-dd HH:mm} on", "Set the clock.")
            : now.UtcDateTime > until ? Finding.Wrong("certificates", $"{says}, which is past", renew)
            : now.UtcDateTime > until - Soon ? Finding.Note("certificates", says, renew)
            : Finding.Good("certificates", says);
    }
}

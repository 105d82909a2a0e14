using System.Net.Sockets;
using System.Security.Authentication;
using Plume.Client.Identity;

namespace Plume.Client.Calls;

/// <summary>Why there is no connection to a server, in words that say what to do about it.</summary>
public static class ConnectionTrouble
{
    /// <summary>Says what stands between a caller and a server.</summary>
    /// <param name="failure">What a call ended with.</param>
    /// <param name="server">The address that was called.</param>
    /// <returns>Null where the connection is not to blame, or no more is known.</returns>
    public static string? Explain(Exception failure, Uri server)
    {
        ArgumentNullException.ThrowIfNull(server);
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (Of(cause, server) is { } trouble)
                return trouble;
        }

        return null;
    }

    /// <summary>
    /// Whether server and client do not come to terms over TLS: a mistake in the settings, or another server in the way.
    /// </summary>
    internal static bool IsDistrust(Exception failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
                return true;
        }

        return false;
    }

    static string? Of(Exception cause, Uri server) => cause switch
    {
        DistrustException distrust => distrust.Message,
        AuthenticationException =>
            $"What answers at {server.Authority} does not speak TLS as it should. A server that was started with --insecure "
                + $"has an address that begins with http://; otherwise check the address.",
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
            $"Nothing listens at {server.Authority}. Check the address, and that the server runs.",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } =>
            $"No host is known as {server.Host}. Check the address.",
        SocketException
        {
            SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted
            or SocketError.Shutdown
        } => $"The connection to {server.Authority} broke, as it does when the server is restarted.",
        SocketException unreached => $"{server.Authority} cannot be reached: {unreached.Message}. Check the network on the way.",
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse }
            or HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse } when server.Scheme == Uri.UriSchemeHttp =>
            $"What answers at {server.Authority} does not take calls without TLS. A server with certificates has an address "
                + $"that begins with https://; otherwise check the address.",
        _ => null,
    };
}

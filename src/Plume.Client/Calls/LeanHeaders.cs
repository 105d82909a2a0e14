namespace Plume.Client.Calls;

/// <summary>
/// Leaves out of every call the headers that say what the server does not ask: every call repeats them in full, and with small
/// updates they are a good part of what goes over the wire.
/// </summary>
sealed class LeanHeaders(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    // Payloads are compressed already; without this header a server sends its messages as they are.
    const string AcceptEncoding = "grpc-accept-encoding";

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Remove(AcceptEncoding);
        request.Headers.UserAgent.Clear();
        // By it a server finds out proxies that lose trailers; this client sees that by itself, as a call without a status.
        request.Headers.TE.Clear();
        return base.SendAsync(request, cancellationToken);
    }
}

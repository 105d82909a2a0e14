using System.Net;
using System.Net.Sockets;

namespace Plume.Server.Tests.Hosting.Turns;

/// <summary>Passes one connection's bytes on to a server, and counts them: headers, frames and all.</summary>
sealed class CountingRelay : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource closing = new();
    readonly Task passing;
    long up, down;

    public CountingRelay(Uri server)
    {
        listener.Start();
        passing = PassAsync(server);
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    /// <summary>Bytes that went to the server.</summary>
    public long Up => Interlocked.Read(ref up);

    /// <summary>Bytes that came back.</summary>
    public long Down => Interlocked.Read(ref down);

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        listener.Dispose();
        await passing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        closing.Dispose();
    }

    async Task PassAsync(Uri server)
    {
        using var client = await listener.AcceptTcpClientAsync(closing.Token);
        using var target = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        await target.ConnectAsync(server.Host, server.Port, closing.Token);
        await Task.WhenAll(PassAsync(client.GetStream(), target.GetStream(), read => Interlocked.Add(ref up, read)),
            PassAsync(target.GetStream(), client.GetStream(), read => Interlocked.Add(ref down, read)));
    }

    // Counted before they are passed on: whoever has an answer finds in the counts what it was an answer to.
    async Task PassAsync(NetworkStream from, NetworkStream to, Action<int> count)
    {
        var buffer = new byte[1 << 16];
        for (int read; (read = await from.ReadAsync(buffer, closing.Token)) > 0;)
        {
            count(read);
            await to.WriteAsync(buffer.AsMemory(0, read), closing.Token);
        }
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Plume.Server.Tests.Storage.Postgres;

/// <summary>The way to a PostgreSQL, which can lose an answer, deliver a request late, or be cut.</summary>
public sealed class PostgresProxy : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly int target;
    readonly ConcurrentDictionary<TcpClient, bool> open = new();
    readonly Task accepting;
    volatile bool cut;
    volatile TaskCompletionSource thawed = Thawed();
    int requestsUntilHeld, requestsUntilUnanswered;
    Func<Task>? beforeTheLoss;
    TaskCompletionSource<Func<Task>>? held;

    PostgresProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public static PostgresProxy To(int port) => new(port);

    /// <summary>
    /// A connection string that leads through the proxy. A connection is not reset between two uses, which would put two answers
    /// into one.
    /// </summary>
    public string Through(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Port = ((IPEndPoint)listener.LocalEndpoint).Port,
        NoResetOnClose = true,
    }.ConnectionString;

    /// <summary>Ends all connections and refuses new ones, until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        cut = true;
        foreach (var client in open.Keys)
            client.Close();
    }

    public void Mend() => cut = false;

    /// <summary>Keeps what comes, and all connections, until <see cref="Thaw"/> lets it go on.</summary>
    public void Freeze() => thawed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Thaw() => thawed.TrySetResult();

    /// <summary>PostgreSQL carries a coming request out, but its answer does not arrive: the connection ends.</summary>
    /// <param name="request">Which request from now on, the first being 1.</param>
    /// <param name="before">What happens between the answer and its loss.</param>
    public void LoseAnswer(int request = 1, Func<Task>? before = null)
    {
        beforeTheLoss = before;
        requestsUntilUnanswered = request;
    }

    /// <summary>
    /// A coming request does not arrive, and its connection ends; it arrives when the returned task's result is called.
    /// </summary>
    /// <param name="request">Which request from now on, the first being 1.</param>
    public Task<Func<Task>> HoldRequest(int request = 1)
    {
        held = new TaskCompletionSource<Func<Task>>(TaskCreationOptions.RunContinuationsAsynchronously);
        requestsUntilHeld = request;
        return held.Task;
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync();
                open[client] = true;
                if (cut) // Asked once the client is where a cut finds it, so that none slips between the two.
                    Close(client);
                else
                    _ = CarryAsync(client);
            }
        }
        catch (Exception end) when (end is SocketException or InvalidOperationException or OperationCanceledException)
        {
            // It was stopped, between two clients perhaps.
        }
    }

    async Task CarryAsync(TcpClient client)
    {
        var server = new TcpClient();
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, target);
            await CarryAsync(client, server);
        }
        catch (Exception end) when (end is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }
        finally
        {
            Close(client);
            server.Close();
        }
    }

    void Close(TcpClient client)
    {
        open.TryRemove(client, out _);
        client.Close();
    }

    // One round trip after the other, as Npgsql makes them: a request in one piece, then all of its answer.
    async Task CarryAsync(TcpClient client, TcpClient server)
    {
        NetworkStream near = client.GetStream(), far = server.GetStream();
        var buffer = new byte[1 << 20];
        while (await near.ReadAsync(buffer) is var length and > 0)
        {
            if (requestsUntilHeld > 0 && Interlocked.Decrement(ref requestsUntilHeld) == 0)
            {
                await HoldAsync(client, far, buffer.AsMemory(0, length).ToArray());
                return;
            }

            await thawed.Task;
            await far.WriteAsync(buffer.AsMemory(0, length));
            if (requestsUntilUnanswered > 0 && Interlocked.Decrement(ref requestsUntilUnanswered) == 0)
            {
                await ReadAnswerAsync(far);
                if (beforeTheLoss is not null)
                    await beforeTheLoss();
                return;
            }

            await CarryAnswerAsync(near, far);
        }
    }

    async Task HoldAsync(TcpClient client, NetworkStream far, byte[] request)
    {
        var delivered = new TaskCompletionSource();
        client.Close();
        held!.SetResult(async () =>
        {
            await far.WriteAsync(request);
            await ReadAnswerAsync(far);
            delivered.SetResult();
        });
        await delivered.Task;
    }

    static Task ReadAnswerAsync(NetworkStream far) => CarryAnswerAsync(Stream.Null, far);

    // Up to ReadyForQuery, the last message of an answer, or to a question of the handshake, which has no such end.
    static async Task CarryAnswerAsync(Stream near, NetworkStream far)
    {
        var buffer = new byte[1 << 16];
        byte[] tail = [];
        do
        {
            int length = await far.ReadAsync(buffer);
            if (length == 0)
                throw new IOException("PostgreSQL ended the connection.");
            await near.WriteAsync(buffer.AsMemory(0, length));
            tail = [.. tail.Concat(buffer.AsSpan(Math.Max(0, length - 6), Math.Min(6, length)).ToArray()).TakeLast(6)];
        }
        while (tail is not [.., (byte)'Z', 0, 0, 0, 5, _] && tail is not [(byte)'N']);
    }

    static TaskCompletionSource Thawed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    public async ValueTask DisposeAsync()
    {
        Thaw();
        Cut();
        listener.Stop();
        await accepting;
    }
}

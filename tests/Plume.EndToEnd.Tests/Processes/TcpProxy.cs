using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Plume.EndToEnd.Tests.Processes;

/// <summary>From clients to the server, or back.</summary>
enum Way
{
    Up,
    Down,
}

/// <summary>A bad network: passes bytes on to a server, and breaks what it is told to break.</summary>
sealed class TcpProxy : IAsyncDisposable
{
    const int PieceBytes = 16 << 10;

    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentDictionary<Link, Task> links = [];
    readonly ConcurrentDictionary<Way, Fault> faults = [];
    readonly CancellationTokenSource closing = new();
    readonly Task accepting;
    readonly TimeProvider time = TimeProvider.System;
    int connections;

    public TcpProxy()
    {
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Where clients find it.</summary>
    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    /// <summary>The servers; new connections go to one after another, and past those that do not answer.</summary>
    public IReadOnlyList<Uri> Targets { get; set; } = [];

    /// <summary>How long each piece is held.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Most bytes of a piece: with a delay, how slow the network is.</summary>
    public int LargestPiece { get; set; } = PieceBytes;

    /// <summary>Cuts every connection now.</summary>
    public void Cut()
    {
        foreach (var link in links.Keys)
            link.Cut();
    }

    /// <summary>
    /// Passes nothing on any more over the connections of now, and does not close them either: as if their peers were gone
    /// without a word.
    /// </summary>
    public void Forget()
    {
        foreach (var link in links.Keys)
            link.IsForgotten = true;
    }

    /// <summary>Ends when so many more bytes have gone that way.</summary>
    public Task PassedAsync(Way way, long bytes) => Arm(way, new Fault(bytes, Kind.None));

    /// <summary>Cuts every connection when so many more bytes have gone that way.</summary>
    /// <returns>Ends when it has happened.</returns>
    public Task CutAfterAsync(Way way, long bytes) => Arm(way, new Fault(bytes, Kind.Cut));

    /// <summary>Flips a bit of the byte that comes after so many more have gone that way.</summary>
    /// <returns>Ends when it has happened.</returns>
    public Task CorruptAfterAsync(Way way, long bytes) => Arm(way, new Fault(bytes, Kind.Flip));

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        listener.Stop();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Cut();
        foreach (var task in links.Values)
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        closing.Dispose();
    }

    Task Arm(Way way, Fault fault)
    {
        faults[way] = fault;
        return fault.Happened.Task;
    }

    async Task AcceptAsync()
    {
        while (true)
        {
            var client = await listener.AcceptSocketAsync(closing.Token);
            var link = new Link(client);
            links[link] = Task.CompletedTask;
            links[link] = CarryAsync(link);
        }
    }

    async Task CarryAsync(Link link)
    {
        await Task.Yield();
        try
        {
            await ConnectAsync(link);
            await Task.WhenAny(PassAsync(link, link.Client, link.Server, Way.Up),
                PassAsync(link, link.Server, link.Client, Way.Down));
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // As networks do; both ends see it.
        }

        link.Cut();
        links.TryRemove(link, out _);
    }

    async Task ConnectAsync(Link link)
    {
        var targets = Targets;
        for (int tried = 0; tried < targets.Count; tried++)
        {
            var target = targets[(int)((uint)Interlocked.Increment(ref connections) % (uint)targets.Count)];
            try
            {
                await link.Server.ConnectAsync(target.Host, target.Port, closing.Token);
                return;
            }
            catch (SocketException) when (tried < targets.Count - 1)
            {
                link.Server = NewSocket();
            }
        }

        throw new SocketException((int)SocketError.ConnectionRefused);
    }

    static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    async Task PassAsync(Link link, Socket from, Socket to, Way way)
    {
        var buffer = new byte[PieceBytes];
        while (true)
        {
            int read = await from.ReceiveAsync(buffer.AsMemory(0, Math.Min(buffer.Length, LargestPiece)), closing.Token);
            if (read == 0)
                return;
            if (link.IsForgotten)
                continue;
            if (Delay > TimeSpan.Zero)
                await Task.Delay(Delay, time, closing.Token);
            var piece = buffer.AsMemory(0, read);
            if (faults.TryGetValue(way, out var fault) && fault.Strikes(piece, out int before))
            {
                faults.TryRemove(KeyValuePair.Create(way, fault));
                if (fault.Kind == Kind.Cut)
                {
                    await to.SendAsync(piece[..before], closing.Token);
                    Cut();
                    fault.Happened.TrySetResult();
                    return;
                }

                if (fault.Kind == Kind.Flip)
                    piece.Span[before] ^= 0x10;
                fault.Happened.TrySetResult();
            }

            await SendAllAsync(to, piece);
        }
    }

    async Task SendAllAsync(Socket to, ReadOnlyMemory<byte> piece)
    {
        while (piece.Length > 0)
            piece = piece[await to.SendAsync(piece, closing.Token)..];
    }

    enum Kind
    {
        None,
        Cut,
        Flip,
    }

    /// <summary>Something that happens once, at a place in the stream.</summary>
    sealed class Fault(long bytes, Kind kind)
    {
        readonly Lock gate = new();
        long left = bytes;

        public Kind Kind => kind;

        public TaskCompletionSource Happened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether the place is in this piece, and how many of its bytes come before.</summary>
        public bool Strikes(ReadOnlyMemory<byte> piece, out int before)
        {
            lock (gate)
            {
                before = (int)Math.Clamp(left, 0, piece.Length);
                bool strikes = left >= 0 && left < piece.Length;
                left -= piece.Length;
                return strikes;
            }
        }
    }

    /// <summary>A client's connection and the one to the server that goes with it.</summary>
    sealed class Link(Socket client)
    {
        public Socket Client => client;

        public Socket Server { get; set; } = NewSocket();

        public volatile bool IsForgotten;

        public void Cut()
        {
            client.Dispose();
            Server.Dispose();
        }
    }
}

using System.Net.Sockets;

namespace Plume.Server.Bench;

/// <summary>Counts every byte that goes over the connections of a handler: headers, frames and payloads.</summary>
sealed class SocketCount
{
    long up;
    long down;

    public long Up => Interlocked.Read(ref up);

    public long Down => Interlocked.Read(ref down);

    /// <summary>A handler whose connections are counted.</summary>
    public SocketsHttpHandler CreateHandler() => new()
    {
        EnableMultipleHttp2Connections = true,
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new Counted(socket, this);
        },
    };

    sealed class Counted(Socket socket, SocketCount count) : NetworkStream(socket, ownsSocket: true)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await base.ReadAsync(buffer, cancellationToken);
            Interlocked.Add(ref count.down, read);
            return read;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Add(ref count.up, buffer.Length);
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}

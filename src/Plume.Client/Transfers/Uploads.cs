using Google.Protobuf;
using Grpc.Core;
using Plume.Client.Calls;
using Plume.Client.State;
using Plume.Protocol.V1;

namespace Plume.Client.Transfers;

/// <summary>Sends an update, and goes on where that broke off.</summary>
sealed class Uploads(ClientOptions options, ServerConnection connection, TransferCount count, Action moved)
{
    public const int ChunkBytes = 128 << 10;

    byte[]? begun;
    long known;

    /// <summary>
    /// Sends an update. After a failure that passes, and after a restart, it is called again with the same bytes.
    /// </summary>
    /// <param name="update">What is sent.</param>
    /// <param name="isFresh">Whether it was made just now, so that the server can have nothing of it.</param>
    /// <param name="cancellation">Leaves.</param>
    /// <returns>What became of it.</returns>
    public async Task<UploadReply> SendAsync(KeptUpdate update, bool isFresh, CancellationToken cancellation)
    {
        bool goesOn = begun is not null ? begun.AsSpan().SequenceEqual(update.Sha256) : !isFresh;
        long offset = goesOn ? await ProgressAsync(update, cancellation).ConfigureAwait(false) : 0;
        begun = update.Sha256;
        return await SendAsync(update, offset, cancellation).ConfigureAwait(false);
    }

    async Task<long> ProgressAsync(KeptUpdate update, CancellationToken cancellation)
    {
        using var guard = new StallGuard(options.Patience, options.Time, cancellation);
        var request = new UploadProgressRequest
        {
            Federation = options.Federation,
            Round = (uint)update.Round,
            Attempt = (uint)update.Attempt,
            Sha256 = UnsafeByteOperations.UnsafeWrap(update.Sha256),
        };
        var reply = await connection.Calls.UploadProgressAsync(request, connection.With(guard.Token)).ConfigureAwait(false);
        long offset = reply.Offset <= (ulong)update.Payload.Length ? (long)reply.Offset : 0;
        if (offset > known)
            moved();
        known = offset;
        return offset;
    }

    async Task<UploadReply> SendAsync(KeptUpdate update, long offset, CancellationToken cancellation)
    {
        using var guard = new StallGuard(options.Patience, options.Time, cancellation);
        using var call = connection.Calls.Upload(connection.With(guard.Token));
        try
        {
            await WriteAsync(call.RequestStream, update, offset, guard).ConfigureAwait(false);
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException or IOException)
        {
            // The server may answer before it has read everything; what it answered, or what went wrong, is in the reply.
        }

        return await call.ResponseAsync.ConfigureAwait(false);
    }

    async Task WriteAsync(IClientStreamWriter<UploadRequest> stream, KeptUpdate update, long offset, StallGuard guard)
    {
        var header = new UploadHeader
        {
            Federation = options.Federation,
            Round = (uint)update.Round,
            Attempt = (uint)update.Attempt,
            ModelVersion = (uint)update.ModelVersion,
            Samples = (uint)update.Samples,
            Loss = update.Loss,
            Length = (ulong)update.Payload.Length,
            Sha256 = UnsafeByteOperations.UnsafeWrap(update.Sha256),
            Offset = (ulong)offset,
        };
        await stream.WriteAsync(new UploadRequest { Header = header }, guard.Token).ConfigureAwait(false);
        for (int place = (int)offset; place < update.Payload.Length;)
        {
            int length = Math.Min(ChunkBytes, update.Payload.Length - place);
            await stream.WriteAsync(
                new UploadRequest { Chunk = UnsafeByteOperations.UnsafeWrap(update.Payload.AsMemory(place, length)) },
                guard.Token).ConfigureAwait(false);
            place += length;
            count.Up += length;
            guard.Moved();
        }

        await stream.CompleteAsync().ConfigureAwait(false);
        guard.Moved();
    }
}

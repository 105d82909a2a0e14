using Google.Protobuf;
using Grpc.Core;
using Plume.Client.Calls;
using Plume.Protocol.V1;

namespace Plume.Client.Transfers;

/// <summary>Makes the trips of a secure sum, one call at a time.</summary>
sealed class SumTrips(ClientOptions options, ServerConnection connection, TransferCount count)
{
    const int ChunkBytes = 128 << 10;

    /// <summary>Sends a trip's message, or asks what it came to. After a failure that passes it is called again with the same
    /// bytes.</summary>
    /// <param name="header">Which trip.</param>
    /// <param name="message">What is sent; empty where the server has it.</param>
    /// <param name="cancellation">Leaves.</param>
    public async Task<SumTripReply> MakeAsync(SumTripHeader header, ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        header.Federation = options.Federation;
        header.Length = (ulong)message.Length;
        header.WaitMs = (uint)options.LongestHold.TotalMilliseconds;
        using var guard = new StallGuard(options.LongestHold + options.Patience, options.Time, cancellation);
        using var call = connection.Calls.SumTrip(connection.With(guard.Token));
        try
        {
            await call.RequestStream.WriteAsync(new SumTripRequest { Header = header }, guard.Token).ConfigureAwait(false);
            for (int place = 0; place < message.Length; place += ChunkBytes)
            {
                var chunk = message.Slice(place, Math.Min(ChunkBytes, message.Length - place));
                await call.RequestStream.WriteAsync(new SumTripRequest { Chunk = UnsafeByteOperations.UnsafeWrap(chunk) },
                    guard.Token).ConfigureAwait(false);
                count.Up += chunk.Length;
                guard.Moved();
            }

            await call.RequestStream.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException or IOException)
        {
            // The server may answer before it has read everything; what it answered, or what went wrong, is in the reply.
        }

        var reply = await call.ResponseAsync.ConfigureAwait(false);
        count.Down += reply.Told.Length;
        return reply;
    }
}

using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Plume.Protocol;
using Plume.Protocol.V1;
using Plume.Server.Identity.Admission;

namespace Plume.Server.Rpc.Turns;

/// <summary>An update that came in one message, read as an upload whose bytes are all there.</summary>
sealed class WholeUpload(WholeUpdate update) : IAsyncStreamReader<UploadRequest>
{
    /// <summary>What a client sends of an upload at a time: of an update this long, nothing could be gone on with.</summary>
    const int ChunkBytes = 128 << 10;

    // The other fields of the message, with room for a name.
    const int BesideBytes = 1 << 10;

    bool isRead;

    public UploadRequest Current { get; } = new() { Chunk = update.Payload };

    /// <summary>Most bytes of an update that a server takes so, which has to fit into one of its messages; 0 for none.</summary>
    public static int Largest(ServerLimits limits) => Math.Clamp(limits.MessageBytes - BesideBytes, 0, ChunkBytes);

    /// <summary>What an upload of it begins with.</summary>
    /// <exception cref="RpcException">It is not what was sent.</exception>
    public UploadHeader Header(string federation)
    {
        if (WholeUpdateCheck.Of(update) != update.Check)
            throw new RpcException(new Status(StatusCode.DataLoss,
                "The update does not have the hash that came with it; send it again."));
        return new UploadHeader
        {
            Federation = federation,
            Round = update.Round,
            Attempt = update.Attempt,
            ModelVersion = update.ModelVersion,
            Samples = update.Samples,
            Loss = update.Loss,
            Length = (ulong)update.Payload.Length,
            Sha256 = UnsafeByteOperations.UnsafeWrap(SHA256.HashData(update.Payload.Span)),
        };
    }

    public Task<bool> MoveNext(CancellationToken cancellationToken) => Task.FromResult(!isRead && (isRead = true));
}

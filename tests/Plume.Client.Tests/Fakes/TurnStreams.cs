using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Plume.Protocol.V1;

namespace Plume.Client.Tests.Fakes;

/// <summary>An update of one message as the parts of an upload.</summary>
sealed class WholeStream(WholeUpdate update) : IAsyncStreamReader<UploadRequest>
{
    readonly Queue<UploadRequest> left = new(
    [
        new UploadRequest
        {
            Header = new UploadHeader
            {
                Round = update.Round,
                Attempt = update.Attempt,
                ModelVersion = update.ModelVersion,
                Samples = update.Samples,
                Loss = update.Loss,
                Length = (ulong)update.Payload.Length,
                Sha256 = ByteString.CopyFrom(SHA256.HashData(update.Payload.Span)),
            },
        },
        new UploadRequest { Chunk = update.Payload },
    ]);

    public UploadRequest Current { get; private set; } = new();

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        bool isThere = left.TryDequeue(out var next);
        Current = next ?? Current;
        return Task.FromResult(isThere);
    }
}

/// <summary>A download as the last part of a turn's answer.</summary>
sealed class TurnStream(IServerStreamWriter<TurnReply> replies) : IServerStreamWriter<DownloadReply>
{
    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(DownloadReply message) => replies.WriteAsync(new TurnReply { Download = message });
}

using Grpc.Core;
using Plume.Protocol.V1;

namespace Plume.Server.Rpc.Turns;

/// <summary>A download as the last part of a turn's answer.</summary>
sealed class TurnDownloads(IServerStreamWriter<TurnReply> replies) : IServerStreamWriter<DownloadReply>
{
    public WriteOptions? WriteOptions { get => replies.WriteOptions; set => replies.WriteOptions = value; }

    public Task WriteAsync(DownloadReply message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(DownloadReply message, CancellationToken cancellationToken) =>
        replies.WriteAsync(new TurnReply { Download = message }, cancellationToken);
}

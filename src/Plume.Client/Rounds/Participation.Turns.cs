using Grpc.Core;
using Plume.Client.State;
using Plume.Client.Transfers;

namespace Plume.Client.Rounds;

/// <summary>How a round goes in one call.</summary>
sealed partial class Participation
{
    /// <summary>Most bytes of an update that the server takes in one call with what comes next; 0 where it has no such
    /// call.</summary>
    public uint WholeUpdate { set => turns.Largest = (int)Math.Min(value, Uploads.ChunkBytes); }

    // What was told stays told when the call breaks: an update counts from its receipt on, and a download goes on.
    async Task<JoinResult?> TurnAsync(KeptUpdate? update, CancellationToken cancellation)
    {
        tell(update is null ? ClientStage.Waiting : ClientStage.Uploading, update?.Round ?? 0, "");
        using var turn = turns.Begin(update, settled, model.Version, model.HasDownload, cancellation);
        try
        {
            if (update is not null)
            {
                Settle(update, await ReplyAsync(update, turn.ReceiptAsync()).ConfigureAwait(false));
                // Where it is a mistake that the client reports, the call is over.
                if (report is not null)
                    return null;
                tell(ClientStage.Waiting, 0, "");
            }

            var next = await turn.NextAsync().ConfigureAwait(false);
            connection.Introduces = next.Introduce;
            if (next.Task is null)
                await turn.EndAsync().ConfigureAwait(false);
            return await FollowAsync(next, turn, cancellation).ConfigureAwait(false);
        }
        catch (RpcException refusal) when (refusal.StatusCode == StatusCode.Unimplemented)
        {
            // A server of an earlier release beside the one that was joined.
            turns.Largest = 0;
            return null;
        }
    }
}

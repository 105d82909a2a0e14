using Google.Protobuf;
using Plume.Client.Calls;
using Plume.Client.State;
using Plume.Protocol;
using Plume.Protocol.V1;

namespace Plume.Client.Transfers;

/// <summary>Rounds in one call each, on a server that has such calls.</summary>
sealed class Turns(ClientOptions options, ServerConnection connection, TransferCount count)
{
    /// <summary>Most bytes of an update that the server takes so; 0 where it has no such call.</summary>
    public int Largest { get; set; }

    /// <summary>Whether an update can be sent so.</summary>
    public bool Take(KeptUpdate update) => update.Payload.Length <= Largest;

    /// <summary>Sends what there is to send, and asks for work.</summary>
    /// <param name="update">What is to count first; null for nothing. After a failure that passes, and after a restart, it is sent
    /// again with the same bytes.</param>
    /// <param name="settled">The last task whose part is settled.</param>
    /// <param name="version">The version at hand; null for none.</param>
    /// <param name="hasDownload">Whether a part of a download is at hand, too, which is gone on with by a call of its own.</param>
    /// <param name="cancellation">Leaves.</param>
    public Turn Begin(KeptUpdate? update, Settlement settled, int? version, bool hasDownload, CancellationToken cancellation)
    {
        var request = new TurnRequest
        {
            Federation = options.Federation,
            WaitMs = (uint)options.LongestHold.TotalMilliseconds,
            HasDownload = hasDownload,
            TakesLevels = true,
        };
        if (version is { } from)
            request.FromVersion = (uint)from;
        if (update is null)
            (request.SettledRound, request.SettledAttempt) = ((uint)settled.Round, (uint)settled.Attempt);
        else
            request.Update = Whole(update);
        count.Up += update?.Payload.Length ?? 0;
        var guard = new StallGuard(options.Patience, options.Time, cancellation);
        return new Turn(connection.Calls.Turn(request, connection.Asking(guard.Token)), guard, options.LongestHold, !hasDownload);
    }

    static WholeUpdate Whole(KeptUpdate update)
    {
        var whole = new WholeUpdate
        {
            Round = (uint)update.Round,
            Attempt = (uint)update.Attempt,
            ModelVersion = (uint)update.ModelVersion,
            Samples = (uint)update.Samples,
            Loss = update.Loss,
            Payload = UnsafeByteOperations.UnsafeWrap(update.Payload),
        };
        whole.Check = WholeUpdateCheck.Of(whole);
        return whole;
    }
}

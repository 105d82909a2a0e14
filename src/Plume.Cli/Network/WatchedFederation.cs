using Grpc.Core;
using Plume.Client.Calls;
using Plume.Protocol.V1;

namespace Plume.Cli.Network;

/// <summary>A federation that is followed, also past restarts of its server.</summary>
/// <param name="operation">The server.</param>
/// <param name="address">Its address.</param>
/// <param name="federation">The federation's name.</param>
/// <param name="time">Waits between tries.</param>
sealed class WatchedFederation(Operation.OperationClient operation, Uri address, string federation, TimeProvider time)
{
    const int RoundsKept = 100;

    static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    /// <summary>Follows the federation until it has ended.</summary>
    /// <param name="show">Is given each status, and the last one again with the trouble when the server does not answer any
    /// more.</param>
    /// <param name="stop">Stops following.</param>
    /// <exception cref="RpcException">The server could not be asked at all, or says that asking again is of no use.</exception>
    public async Task FollowAsync(Action<FederationStatus, string?> show, CancellationToken stop)
    {
        FederationStatus? last = null;
        var history = new List<RoundFigures>();
        while (true)
        {
            try
            {
                using var call = operation.Watch(
                    new StatusRequest { Federation = federation, SinceRound = history.Count > 0 ? history[^1].Round : 0 },
                    cancellationToken: stop);
                await foreach (var status in call.ResponseStream.ReadAllAsync(stop))
                    show(last = With(history, status), null);
                return;
            }
            catch (RpcException failure) when (last is not null && Passes(failure.StatusCode) && !stop.IsCancellationRequested)
            {
                show(last, $"The server does not answer; it is asked again. {ConnectionTrouble.Explain(failure, address)}");
            }

            await Task.Delay(BetweenTries, time, stop);
        }
    }

    // The server tells each round once; one of an earlier release tells all of them again.
    static FederationStatus With(List<RoundFigures> history, FederationStatus status)
    {
        uint known = history.Count > 0 ? history[^1].Round : 0;
        history.AddRange(status.History.Where(round => round.Round > known));
        history.RemoveRange(0, Math.Max(0, history.Count - RoundsKept));
        status.History.Clear();
        status.History.AddRange(history);
        return status;
    }

    // What an ended connection shows as depends on when it ended.
    static bool Passes(StatusCode code) =>
        code is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled or StatusCode.Aborted;
}

using Grpc.Core;

namespace Plume.Server.Rpc;

/// <summary>What ends a transfer that its client does not: time, or a server that stops and cannot wait for it.</summary>
sealed class TransferTime : IDisposable
{
    readonly CancellationTokenSource source;
    readonly CancellationToken call, stopping;

    /// <param name="most">How long it may take.</param>
    /// <param name="call">Ends with the call.</param>
    /// <param name="stopping">Ends when the server stops.</param>
    public TransferTime(TimeSpan most, CancellationToken call, CancellationToken stopping)
    {
        (this.call, this.stopping) = (call, stopping);
        source = CancellationTokenSource.CreateLinkedTokenSource(call, stopping);
        source.CancelAfter(most);
    }

    /// <summary>Is cancelled when it must end.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>Whether an exception says that it had to end, and not that the client went.</summary>
    public bool Ended(Exception problem) => problem is OperationCanceledException && !call.IsCancellationRequested;

    /// <summary>What the client is told.</summary>
    /// <param name="late">What it means that time was up.</param>
    public RpcException Refusal(string late) => stopping.IsCancellationRequested
        ? new RpcException(new Status(StatusCode.Unavailable, "The server stops; go on in a while from where this broke off."))
        : new RpcException(new Status(StatusCode.DeadlineExceeded, late));

    public void Dispose() => source.Dispose();
}

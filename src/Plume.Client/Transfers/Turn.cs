using Grpc.Core;
using Plume.Client.Calls;
using Plume.Compression.Wire;
using Plume.Protocol.V1;

namespace Plume.Client.Transfers;

/// <summary>
/// The answer to one round's call, part by part: what became of the update, what to do next, and as a stream what leads to the
/// version of that.
/// </summary>
sealed class Turn(AsyncServerStreamingCall<TurnReply> call, StallGuard guard, TimeSpan hold, bool bringsDownload)
    : IAsyncStreamReader<DownloadReply>, IDisposable
{
    bool isOver;

    /// <summary>Whether the download of a task's version follows it, if the client has another.</summary>
    public bool BringsDownload => bringsDownload;

    /// <summary>Ends the call where nothing moves for too long.</summary>
    public StallGuard Guard => guard;

    public DownloadReply Current { get; private set; } = new();

    /// <summary>What became of the update that was sent.</summary>
    public async Task<UploadReply> ReceiptAsync() =>
        await MoveAsync().ConfigureAwait(false) is { Receipt: { } receipt } ? receipt
            : throw new InvalidPayloadException("The answer to an update must begin with what became of it, and this one does not.");

    /// <summary>What to do next, for which the server may hold the call.</summary>
    public async Task<NextTaskReply> NextAsync()
    {
        guard.Waits(hold);
        var next = await MoveAsync().ConfigureAwait(false) is { Next: { } told } ? told
            : throw new InvalidPayloadException("The answer to who asks for work must say what to do, and this one does not.");
        guard.Moved();
        return next;
    }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (await MoveAsync().ConfigureAwait(false) is not { } part)
            return false;
        Current = part.Download ?? throw new InvalidPayloadException(
            "After a task its download must follow, and something else did.");
        return true;
    }

    /// <summary>Hears the server out.</summary>
    public async Task EndAsync()
    {
        while (!isOver)
            await MoveAsync().ConfigureAwait(false);
        Dispose();
    }

    public void Dispose()
    {
        call.Dispose();
        guard.Dispose();
    }

    async Task<TurnReply?> MoveAsync()
    {
        isOver = isOver || !await call.ResponseStream.MoveNext(guard.Token).ConfigureAwait(false);
        return isOver ? null : call.ResponseStream.Current;
    }
}

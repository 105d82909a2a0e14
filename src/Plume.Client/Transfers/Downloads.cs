using Grpc.Core;
using Plume.Client.Calls;
using Plume.Client.State;
using Plume.Compression.Wire;
using Plume.Protocol.V1;

namespace Plume.Client.Transfers;

/// <summary>Downloads that go on where they broke off, one at a time.</summary>
sealed class Downloads(ClientOptions options, ServerConnection connection, ClientFolder folder, TransferCount count,
    Action moved) : IDisposable
{
    const int SlackBytes = 64 << 10;
    const int GraphSlackBytes = 64 << 20;

    PartialDownload? partial;
    bool looked;

    /// <summary>Most bytes that lead to a model: no codec's payload is twice as long as the plain floats.</summary>
    /// <param name="values">Values of all that is published; of a graph, with its constants.</param>
    /// <param name="isGraph">Whether the graph is downloaded, with the model's values in it.</param>
    public static long Limit(int values, bool isGraph) =>
        Math.Min(Array.MaxLength, 2L * sizeof(float) * values + (isGraph ? GraphSlackBytes : SlackBytes));

    /// <summary>Whether a part of a download of the model is here.</summary>
    /// <param name="values">Values of all that is published.</param>
    public bool HasBegun(int values)
    {
        Look(Limit(values, isGraph: false));
        return partial is not null;
    }

    /// <summary>Downloads. After a failure that passes it is called again, and goes on.</summary>
    /// <param name="what">What it is to bring.</param>
    /// <param name="values">As <see cref="Limit"/> takes them.</param>
    /// <param name="turn">A call whose answer it is a part of; null for a call of its own.</param>
    /// <param name="cancellation">Leaves.</param>
    /// <returns>The header and all bytes, or null where the version wanted is not the newest any more.</returns>
    /// <exception cref="InvalidPayloadException">What the server sent breaks a rule; the next try begins anew.</exception>
    public async Task<(DownloadHeader Header, ReadOnlyMemory<byte> Bytes)?> GetAsync(DownloadTarget what, int values, Turn? turn,
        CancellationToken cancellation)
    {
        long limit = Limit(values, what.IsGraph);
        TakeUp(what, limit);
        try
        {
            if (turn is { BringsDownload: true })
                await ReceiveAsync(turn, what, new DownloadRequest(), limit, turn.Guard).ConfigureAwait(false);
            else
                await CallAsync(what, limit, cancellation).ConfigureAwait(false);
            var bytes = partial!.Verified();
            var header = partial.Header;
            Forget();
            return (header, bytes);
        }
        catch (RpcException refusal) when (refusal.StatusCode == StatusCode.FailedPrecondition)
        {
            Forget();
            return null;
        }
        catch (InvalidPayloadException)
        {
            Forget();
            throw;
        }
    }

    /// <summary>Begins anew: what was downloaded is of no use.</summary>
    public void Forget()
    {
        partial?.Drop();
        partial = null;
    }

    public void Dispose() => partial?.Dispose();

    void TakeUp(DownloadTarget what, long limit)
    {
        Look(limit);
        if (partial is not null && partial.What != what)
            Forget();
    }

    void Look(long limit)
    {
        if (!looked)
            partial = PartialDownload.Load(folder.DownloadPath, folder.Place, limit);
        looked = true;
    }

    async Task CallAsync(DownloadTarget what, long limit, CancellationToken cancellation)
    {
        var request = new DownloadRequest
        {
            Federation = options.Federation,
            ToVersion = (uint)what.To,
            Graph = what.IsGraph,
            TakesLevels = true,
        };
        if (what.From is { } from)
            request.FromVersion = (uint)from;
        if (partial is not null)
            (request.Offset, request.Sha256) = ((ulong)partial.Length, partial.Header.Sha256);
        using var guard = new StallGuard(options.Patience, options.Time, cancellation);
        using var call = connection.Calls.Download(request, connection.With(guard.Token));
        await ReceiveAsync(call.ResponseStream, what, request, limit, guard).ConfigureAwait(false);
    }

    async Task ReceiveAsync(IAsyncStreamReader<DownloadReply> replies, DownloadTarget what, DownloadRequest request, long limit,
        StallGuard guard)
    {
        if (!await replies.MoveNext(guard.Token).ConfigureAwait(false) || replies.Current.Header is not { } header)
            throw new InvalidPayloadException("A download must begin with its header, and this one does not.");
        Accept(what, header, request, limit);
        while (await replies.MoveNext(guard.Token).ConfigureAwait(false))
        {
            var chunk = replies.Current.Chunk;
            partial!.Append(chunk.Span);
            count.Down += chunk.Length;
            guard.Moved();
            moved();
        }

        if (!partial!.IsComplete)
            throw new IOException($"The download ended after {partial.Length} bytes, before it was complete.");
    }

    void Accept(DownloadTarget what, DownloadHeader header, DownloadRequest request, long limit)
    {
        if (partial is not null && header.Offset == request.Offset && header.Sha256 == partial.Header.Sha256
            && header.Segments.Equals(partial.Header.Segments))
            return;
        if (header.Offset != 0)
            throw new InvalidPayloadException(
                $"A download must begin at 0 or where it broke off, {request.Offset}, but this one begins at {header.Offset}.");
        Forget();
        partial = new PartialDownload(what, header, limit);
        partial.Keep(folder.DownloadPath, folder.Place);
    }
}

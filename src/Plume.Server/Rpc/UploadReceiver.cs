using System.Collections.Concurrent;
using System.Security.Cryptography;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Plume.Federation.Rounds;
using Plume.Protocol.V1;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Identity.Admission;
using Plume.Server.Storage;

namespace Plume.Server.Rpc;

/// <summary>
/// Receives updates: refuses what would not count before its bytes come, keeps what came when a stream breaks, and answers when
/// the outcome is durable.
/// </summary>
sealed class UploadReceiver(ServerStorage storage, ClientBudgets budgets, ServerLimits limits, TimeProvider time,
    IHostApplicationLifetime lifetime)
{
    const int HashBytes = 32;
    const int BufferBytes = 256 << 10;

    // One stream at a time writes one update.
    readonly ConcurrentDictionary<string, bool> writing = [];

    /// <summary>What an upload begins with.</summary>
    /// <exception cref="RpcException">It has not come in time, or is something else.</exception>
    public async Task<UploadHeader> HeaderAsync(IAsyncStreamReader<UploadRequest> parts, CancellationToken cancellation)
    {
        using var limited = new TransferTime(limits.HeaderTime, cancellation, lifetime.ApplicationStopping);
        try
        {
            return await parts.MoveNext(limited.Token).ConfigureAwait(false) && parts.Current.Header is { } header ? header
                : throw Invalid("An upload must begin with its header.");
        }
        catch (Exception problem) when (limited.Ended(problem))
        {
            throw limited.Refusal($"An upload must begin within {limits.HeaderTime.TotalSeconds:0} seconds.");
        }
    }

    /// <summary>Takes an update's bytes, and answers when it is settled.</summary>
    /// <param name="feed">Whose it is.</param>
    /// <param name="client">Who sends it.</param>
    /// <param name="header">What it began with.</param>
    /// <param name="chunks">Its bytes.</param>
    /// <param name="transfers">Hears how fast they came; null where they are here already.</param>
    /// <param name="cancellation">The call is over.</param>
    public async Task<UploadOutcome> ReceiveAsync(FederationFeed feed, int client, UploadHeader header,
        IAsyncStreamReader<UploadRequest> chunks, ClientTransfers? transfers, CancellationToken cancellation)
    {
        var update = Check(feed, client, header);
        using var span = ServerTraces.Upload(feed.Definition.Name, update);
        var outcome = await ReceiveAsync(feed, client, update, (long)header.Offset, chunks, transfers, cancellation)
            .ConfigureAwait(false);
        span.Settled(outcome);
        return outcome;
    }

    async Task<UploadOutcome> ReceiveAsync(FederationFeed feed, int client, ArrivedUpdate update, long offset,
        IAsyncStreamReader<UploadRequest> chunks, ClientTransfers? transfers, CancellationToken cancellation)
    {
        using var stream = budgets.OpenStream(feed.Definition, client);
        if (await feed.Grain.ConsiderAsync(update) is { } known)
            return known;
        if (feed.Snapshot is { } round && round.LimitOf(client) is { Upload: var most }
            && (round.Round, round.Attempt) == (update.Round, update.Attempt)
            && feed.Meter.IsBeyond(most, update.Round, update.Attempt, client, isUpload: true, update.Length, offset))
            return await RefusedAsync(feed, update, most).ConfigureAwait(false);
        feed.Activities.Uploads(new RoundPart(update.Round, update.Attempt, client));
        string name = NameOf(feed, update), partial = BlobNames.Partial(name);
        if (!writing.TryAdd(name, true))
            throw new RpcException(new Status(StatusCode.Aborted,
                "Another stream is sending this update; try again when it has ended."));
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            long began = time.GetTimestamp();
            await StoreAsync(feed, update, offset, chunks, hash, cancellation).ConfigureAwait(false);
            transfers?.Received(update.Length - offset, time.GetElapsedTime(began));
            await VerifyAsync(partial, update, hash, cancellation).ConfigureAwait(false);
            await storage.Blobs.MoveAsync(partial, name, cancellation).ConfigureAwait(false);
            CrashPoint.Pass("upload-stored");
            await feed.TellDownloadsAsync().ConfigureAwait(false);
            var outcome = await feed.Grain.ArriveAsync(update);
            if (!outcome.IsCounted)
                await storage.Blobs.DeleteAsync(name, cancellation).ConfigureAwait(false);
            CrashPoint.Pass("upload-settled");
            return outcome;
        }
        finally
        {
            writing.TryRemove(name, out _);
        }
    }

    // Before a byte of it comes.
    static async Task<UploadOutcome> RefusedAsync(FederationFeed feed, ArrivedUpdate update, long most)
    {
        string problem = $"The update takes {update.Length} bytes, and of the budget {most} are reserved for it.";
        await feed.Grain.ReportAsync(update.Client, update.Round, update.Attempt, problem).ConfigureAwait(false);
        return new UploadOutcome(false, "Budget", problem);
    }

    /// <summary>Bytes of an update that are here.</summary>
    public async Task<long> ProgressAsync(FederationFeed feed, int client, UploadProgressRequest request,
        CancellationToken cancellation)
    {
        if (request.Sha256.Length != HashBytes)
            throw Invalid($"The update's SHA-256 must have {HashBytes} bytes, but has {request.Sha256.Length}.");
        string name = new BlobNames(feed.Definition.Id)
            .Upload((int)request.Round, (int)request.Attempt, client, Convert.ToHexStringLower(request.Sha256.Span));
        return await storage.Blobs.LengthAsync(BlobNames.Partial(name), cancellation).ConfigureAwait(false) ?? 0;
    }

    static ArrivedUpdate Check(FederationFeed feed, int client, UploadHeader header)
    {
        if (header.Sha256.Length != HashBytes)
            throw Invalid($"The update's SHA-256 must have {HashBytes} bytes, but has {header.Sha256.Length}.");
        if (header.Length < 1 || header.Length > (ulong)feed.LargestUpload)
            throw Invalid($"An update of this model must have 1 to {feed.LargestUpload} bytes, but has {header.Length}.");
        if (header.Offset > header.Length)
            throw Invalid($"The chunks of an update of {header.Length} bytes cannot begin at {header.Offset}.");
        return new ArrivedUpdate(client, Number(header.Round), Number(header.Attempt), Number(header.ModelVersion),
            Number(header.Samples), header.Loss, (long)header.Length, Convert.ToHexStringLower(header.Sha256.Span));
    }

    async Task StoreAsync(FederationFeed feed, ArrivedUpdate update, long offset, IAsyncStreamReader<UploadRequest> chunks,
        IncrementalHash hash, CancellationToken cancellation)
    {
        string partial = BlobNames.Partial(NameOf(feed, update));
        long have = await storage.Blobs.LengthAsync(partial, cancellation).ConfigureAwait(false) ?? 0;
        if (offset > have)
            throw new RpcException(new Status(StatusCode.OutOfRange,
                $"The server has {have} bytes of this update, so it cannot go on at {offset}; ask for the upload's progress."));
        if (have == 0)
            await DropOthersAsync(feed, update, cancellation).ConfigureAwait(false);
        await HashKeptAsync(partial, offset, hash, cancellation).ConfigureAwait(false);
        using var limited = new TransferTime(limits.TimeFor(update.Length - offset), cancellation, lifetime.ApplicationStopping);
        try
        {
            while (await chunks.MoveNext(limited.Token).ConfigureAwait(false))
            {
                var chunk = chunks.Current.Chunk;
                if (offset + chunk.Length > update.Length)
                    throw Invalid($"The update was to have {update.Length} bytes, but more came.");
                await storage.Blobs.AppendAsync(partial, offset, chunk.Memory, limited.Token).ConfigureAwait(false);
                hash.AppendData(chunk.Span);
                if (feed.Definition.Plan.Budget is not null)
                    feed.Meter.Count(update.Round, update.Attempt, update.Client, isUpload: true, chunk.Length);
                offset += chunk.Length;
            }
        }
        catch (Exception problem) when (limited.Ended(problem))
        {
            throw limited.Refusal($"The upload took longer than this server lets it; {offset} of {update.Length} bytes are "
                + $"kept, go on from there.");
        }

        if (offset < update.Length)
            throw new RpcException(new Status(StatusCode.DataLoss,
                $"The stream ended after {offset} of {update.Length} bytes; they are kept, go on from there."));
    }

    // A client has one unfinished update at a time on the disk.
    async Task DropOthersAsync(FederationFeed feed, ArrivedUpdate update, CancellationToken cancellation)
    {
        string own = NameOf(feed, update);
        foreach (string name in await storage.Blobs.ListAsync(own[..^update.Sha256.Length], cancellation).ConfigureAwait(false))
        {
            if (name.EndsWith(BlobNames.Partial(""), StringComparison.Ordinal))
                await storage.Blobs.DeleteAsync(name, cancellation).ConfigureAwait(false);
        }
    }

    // What an earlier stream brought; the rest is hashed while it comes.
    async Task HashKeptAsync(string partial, long length, IncrementalHash hash, CancellationToken cancellation)
    {
        var buffer = new byte[Math.Min(BufferBytes, length)];
        for (long offset = 0; offset < length;)
        {
            int read = await storage.Blobs.ReadAsync(partial, offset,
                buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - offset)), cancellation).ConfigureAwait(false);
            if (read == 0)
                return;
            hash.AppendData(buffer.AsSpan(0, read));
            offset += read;
        }
    }

    async Task VerifyAsync(string partial, ArrivedUpdate update, IncrementalHash hash, CancellationToken cancellation)
    {
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) == update.Sha256)
            return;
        await storage.Blobs.DeleteAsync(partial, cancellation).ConfigureAwait(false);
        throw new RpcException(new Status(StatusCode.DataLoss,
            "The update's bytes do not have the hash in its header; send it again from the start."));
    }

    static string NameOf(FederationFeed feed, ArrivedUpdate update) =>
        new BlobNames(feed.Definition.Id).Upload(update.Round, update.Attempt, update.Client, update.Sha256);

    static int Number(uint value) => (int)Math.Min(value, int.MaxValue);

    static RpcException Invalid(string message) => new(new Status(StatusCode.InvalidArgument, message));
}

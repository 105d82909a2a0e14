using System.Collections.Concurrent;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Plume.Federation.Models;
using Plume.Protocol.V1;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.News;
using Plume.Server.Identity.Admission;
using Plume.Server.Storage;
using Segment = Plume.Protocol.V1.Segment;

namespace Plume.Server.Rpc;

/// <summary>
/// Sends what leads a client to a version, chunk by chunk out of the blobs: memory is one chunk, and gRPC's flow control keeps it
/// so for a client that reads slowly.
/// </summary>
sealed class DownloadSender(ServerStorage storage, ClientBudgets budgets, ServerLimits limits, TimeProvider time,
    IHostApplicationLifetime lifetime)
{
    const int ChunkBytes = 64 << 10;
    const int MostHashes = 4096;

    readonly ConcurrentDictionary<string, byte[]> hashes = [];

    /// <summary>Sends what a client asked for, or the federation's model to an operator, where clients never have it.</summary>
    public async Task SendAsync(FederationFeed feed, int client, DownloadRequest request,
        IServerStreamWriter<DownloadReply> replies, CancellationToken cancellation, ClientTransfers? transfers = null,
        bool isOperator = false)
    {
        using var stream = budgets.OpenStream(feed.Definition, client);
        int capacity = isOperator ? 0 : feed.Definition.Plan.Method.CapacityOf(client);
        var parts = request.Graph ? await GraphAsync(feed, capacity, cancellation).ConfigureAwait(false)
            : (isOperator && feed.Definition.Plan.Method.KeepsModel ? await feed.Grain.ModelAsync((int)request.ToVersion)
                : await feed.Grain.CatchUpAsync(request.HasFromVersion ? (int)request.FromVersion
                : null, (int)request.ToVersion, capacity, request.TakesLevels))
                ?? throw new RpcException(
                    new Status(StatusCode.FailedPrecondition,
                        $"Version {request.ToVersion} is not the newest any more; ask for the task again."));
        byte[] hash = await HashAsync(parts, cancellation).ConfigureAwait(false);
        long length = parts.Sum(part => part.Length);
        var round = feed.Snapshot;
        var reserved = request.Graph || isOperator ? null : round?.LimitOf(client);
        long offset = request.Sha256.Span.SequenceEqual(hash) && request.Offset <= (ulong)length ? (long)request.Offset : 0;
        if (reserved is { Download: var most } && round is not null
            && feed.Meter.IsBeyond(most, round.Round, round.Attempt, client, isUpload: false, length, offset))
            await RefuseAsync(feed, round, client, length, most).ConfigureAwait(false);
        using var limited = new TransferTime(limits.TimeFor(length - offset), cancellation, lifetime.ApplicationStopping);
        long began = time.GetTimestamp(), sent = 0;
        try
        {
            var header = new DownloadHeader
            {
                Sha256 = ByteString.CopyFrom(hash),
                Offset = (ulong)offset,
                Segments = { parts.Select(ToSegment) },
            };
            await replies.WriteAsync(new DownloadReply { Header = header }, limited.Token).ConfigureAwait(false);
            await foreach (var chunk in ReadAsync(parts, offset, limited.Token).ConfigureAwait(false))
            {
                await replies.WriteAsync(new DownloadReply { Chunk = ByteString.CopyFrom(chunk.Span) }, limited.Token)
                    .ConfigureAwait(false);
                feed.CountDownload(chunk.Length);
                sent += chunk.Length;
                if (reserved is not null && round is not null)
                    feed.Meter.Count(round.Round, round.Attempt, client, isUpload: false, chunk.Length);
            }
        }
        catch (Exception problem) when (limited.Ended(problem))
        {
            throw limited.Refusal($"The download of {length - offset} bytes took longer than this server lets it; go on from "
                + $"where it broke off.");
        }
        finally
        {
            transfers?.Sent(sent, time.GetElapsedTime(began));
        }
    }

    // A client that is asked, and has lost what it held, is asked again when what it needs now is reserved.
    static async Task RefuseAsync(FederationFeed feed, FederationSnapshot round, int client, long length, long most)
    {
        string problem = $"The download takes {length} bytes, and of the budget {most} are reserved for it.";
        if (round.TaskOf(client) is not null)
            await feed.Grain.ReportAsync(client, round.Round, round.Attempt, problem).ConfigureAwait(false);
        throw new RpcException(new Status(StatusCode.FailedPrecondition, problem));
    }

    async Task<DownloadPart[]> GraphAsync(FederationFeed feed, int capacity, CancellationToken cancellation)
    {
        string name = new BlobNames(feed.Definition.Id).Graph(capacity);
        return feed.Definition.Graph is null
            || await storage.Blobs.LengthAsync(name, cancellation).ConfigureAwait(false) is not { } length
            ? throw new RpcException(
                new Status(StatusCode.NotFound,
                    $"The federation '{feed.Definition.Name}' has no graph; bring a learner of your own."))
            : [new DownloadPart((SegmentKind)Segment.Types.Kind.Graph, 0, 0, length, name)];
    }

    // Two parts of one name have the same bytes, so a hash is computed once for all clients.
    async Task<byte[]> HashAsync(DownloadPart[] parts, CancellationToken cancellation)
    {
        string key = string.Join('|', parts.Select(part => $"{part.Blob}:{part.Length}"));
        if (hashes.TryGetValue(key, out byte[]? known))
            return known;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await foreach (var chunk in ReadAsync(parts, 0, cancellation).ConfigureAwait(false))
            hash.AppendData(chunk.Span);
        if (hashes.Count >= MostHashes)
            hashes.Clear();
        return hashes[key] = hash.GetHashAndReset();
    }

    async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(DownloadPart[] parts, long offset,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var buffer = new byte[Math.Min(ChunkBytes, parts.Sum(part => part.Length))];
        foreach (var part in parts)
        {
            for (long place = Math.Min(offset, part.Length); place < part.Length;)
            {
                int wanted = (int)Math.Min(buffer.Length, part.Length - place);
                int read = await storage.Blobs.ReadAsync(part.Blob, place, buffer.AsMemory(0, wanted), cancellation)
                    .ConfigureAwait(false);
                if (read < wanted)
                    throw new InvalidDataException($"The blob '{part.Blob}' is cut: it should have {part.Length} bytes.");
                yield return buffer.AsMemory(0, read);
                place += read;
            }

            offset = Math.Max(0, offset - part.Length);
        }
    }

    static Segment ToSegment(DownloadPart part) => new()
    {
        Kind = (Segment.Types.Kind)part.Kind,
        From = (uint)part.From,
        To = (uint)part.To,
        Length = (ulong)part.Length,
    };
}

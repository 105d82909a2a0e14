using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Plume.Federation.SecureSums;
using Plume.Protocol.V1;
using Plume.Server.Federations.Secure;
using Plume.Server.Identity.Admission;

namespace Plume.Server.Rpc;

/// <summary>
/// Receives the trips of secure sums: what a client sends is gathered in memory, given to the federation's owner, and forgotten.
/// What broke off is sent again from its beginning.
/// </summary>
sealed class SumTrips(ClientBudgets budgets, ServerLimits limits, TimeProvider time, IHostApplicationLifetime lifetime)
{
    static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(30);

    /// <summary>What a trip begins with.</summary>
    /// <exception cref="RpcException">It has not come in time, or is something else.</exception>
    public async Task<SumTripHeader> HeaderAsync(IAsyncStreamReader<SumTripRequest> parts, CancellationToken cancellation)
    {
        using var limited = new TransferTime(limits.HeaderTime, cancellation, lifetime.ApplicationStopping);
        try
        {
            return await parts.MoveNext(limited.Token).ConfigureAwait(false) && parts.Current.Header is { } header ? header
                : throw Invalid("A trip of a secure sum must begin with its header.");
        }
        catch (Exception problem) when (limited.Ended(problem))
        {
            throw limited.Refusal($"A trip must begin within {limits.HeaderTime.TotalSeconds:0} seconds.");
        }
    }

    /// <summary>Takes a client's message, and answers when there is something to tell or its patience is over.</summary>
    public async Task<SumTripReply> MakeAsync(FederationFeed feed, int client, SumTripHeader header,
        IAsyncStreamReader<SumTripRequest> chunks, byte[]? certificate, CancellationToken cancellation)
    {
        if (!feed.Definition.SumsInSecret)
            throw Invalid($"The federation '{feed.Definition.Name}' makes no secure sums: send updates by themselves.");
        var message = new SumMessage(client, Number(header.Round), Number(header.Attempt), (long)header.Session,
            TripOf(header.Trip), header.Length == 0 ? null
                : await ReadAsync(feed, client, header, chunks, cancellation).ConfigureAwait(false))
        {
            Certificate = header.Trip is SumTripHeader.Types.Trip.Keys or SumTripHeader.Types.Trip.Consistency
                or SumTripHeader.Types.Trip.Unmasking ? certificate : null,
        };
        using var held = feed.Hold(client);
        var hold = TimeSpan.FromMilliseconds(Math.Min(header.WaitMs, LongestHold.TotalMilliseconds));
        long began = time.GetTimestamp();
        while (true)
        {
            var snapshot = feed.Snapshot;
            await feed.TellDownloadsAsync().ConfigureAwait(false);
            var answer = await feed.Grain.AnswerAsync(message);
            var left = hold - time.GetElapsedTime(began);
            if (answer.Kind != SumAnswerKind.Open || left <= TimeSpan.Zero)
                return ReplyOf(feed, answer);
            message = message with { Bytes = null };
            await feed.WaitAsync(snapshot, left, cancellation);
        }
    }

    async Task<byte[]> ReadAsync(FederationFeed feed, int client, SumTripHeader header, IAsyncStreamReader<SumTripRequest> chunks,
        CancellationToken cancellation)
    {
        if (header.Length > (ulong)feed.Definition.LargestSumMessage)
            throw Invalid($"A message of this secure sum must have {feed.Definition.LargestSumMessage} bytes at most, but has "
                + $"{header.Length}.");
        using var stream = budgets.OpenStream(feed.Definition, client);
        using var limited = new TransferTime(limits.TimeFor((long)header.Length), cancellation, lifetime.ApplicationStopping);
        // As much as has come, and not as much as is promised.
        using var bytes = new MemoryStream();
        try
        {
            while (await chunks.MoveNext(limited.Token).ConfigureAwait(false))
            {
                bytes.Write(chunks.Current.Chunk.Span);
                if ((ulong)bytes.Length > header.Length)
                    throw Invalid($"The message was to have {header.Length} bytes, but more came.");
            }
        }
        catch (Exception problem) when (limited.Ended(problem))
        {
            throw limited.Refusal("The message took longer than this server lets it; send it again.");
        }

        return (ulong)bytes.Length == header.Length ? bytes.ToArray()
            : throw new RpcException(new Status(StatusCode.DataLoss,
                $"The stream ended after {bytes.Length} of {header.Length} bytes; send them again."));
    }

    static SumTripReply ReplyOf(FederationFeed feed, SumAnswer answer)
    {
        if (answer.Told.Length > 0)
            feed.CountDownload(answer.Told.Length + answer.Neighbours.Sum(neighbour => (long)neighbour.Certificate.Length));
        return new SumTripReply
        {
            What = answer.Kind switch
            {
                SumAnswerKind.Open => SumTripReply.Types.What.Open,
                SumAnswerKind.Told => SumTripReply.Types.What.Told,
                SumAnswerKind.Again => SumTripReply.Types.What.Again,
                SumAnswerKind.Anew => SumTripReply.Types.What.Anew,
                SumAnswerKind.Counted => SumTripReply.Types.What.Counted,
                _ => SumTripReply.Types.What.Refused,
            },
            Told = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(answer.Told),
            Identities = { answer.Neighbours.Select(neighbour => new SumIdentity
            {
                Client = (uint)neighbour.Client,
                Certificate = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(neighbour.Certificate),
            }) },
            Rule = answer.Rule,
            Message = answer.Message,
        };
    }

    static SumPhase TripOf(SumTripHeader.Types.Trip trip) => trip switch
    {
        SumTripHeader.Types.Trip.Keys => SumPhase.Keys,
        SumTripHeader.Types.Trip.Shares => SumPhase.Shares,
        SumTripHeader.Types.Trip.Masked => SumPhase.Masked,
        SumTripHeader.Types.Trip.Consistency => SumPhase.Consistency,
        SumTripHeader.Types.Trip.Unmasking => SumPhase.Unmasking,
        SumTripHeader.Types.Trip.Outcome => SumPhase.Done,
        _ => throw Invalid($"There is no trip {trip}."),
    };

    static int Number(uint value) => (int)Math.Min(value, int.MaxValue);

    static RpcException Invalid(string message) => new(new Status(StatusCode.InvalidArgument, message));
}

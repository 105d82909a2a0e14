using Grpc.Core;
using Microsoft.Extensions.Logging;
using Plume.Client.Calls;
using Plume.Client.State;
using Plume.Client.Transfers;
using Plume.Federation.Learners;
using Plume.Protocol.V1;

namespace Plume.Client.Rounds;

/// <summary>
/// A client's stay in a federation, as steps that can each be made again: after a failure that passes it waits, takes its place
/// again, and goes on from what it kept. What to do next is decided by what it kept, never by where it was interrupted.
/// </summary>
sealed partial class Membership(ClientOptions options, Func<FederationTerms, ILearner> makeLearner, ServerConnection connection,
    ClientFolder folder)
{
    const uint ProtocolVersion = 9;

    readonly Backoff backoff = new(options);
    readonly TransferCount count = new();
    Renewal? renewal;
    Participation? participation;
    bool isJoined;
    bool wasJoined;

    /// <summary>Stays until the federation has ended.</summary>
    /// <exception cref="FederationException">The client cannot take part.</exception>
    /// <exception cref="OperationCanceledException">It left.</exception>
    public async Task<JoinResult> StayAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                if (await TryStepAsync(cancellation).ConfigureAwait(false) is { } result)
                    return result;
            }
        }
        finally
        {
            participation?.Dispose();
        }
    }

    async Task<JoinResult?> TryStepAsync(CancellationToken cancellation)
    {
        try
        {
            await (renewal ??= new Renewal(options, connection, Tell)).TryAsync(cancellation).ConfigureAwait(false);
            if (!isJoined)
                await JoinAsync(cancellation).ConfigureAwait(false);
            var result = await participation!.StepAsync(cancellation).ConfigureAwait(false);
            backoff.Reset();
            return result;
        }
        catch (Exception failure) when (CallFailure.Passes(failure) && !cancellation.IsCancellationRequested)
        {
            if (!wasJoined && failure is RpcException call && CallFailure.Distrust(call, options) is { } distrust)
                throw distrust;
            isJoined = false;
            await BackOffAsync(failure, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (RpcException failure) when (!cancellation.IsCancellationRequested)
        {
            throw CallFailure.Explain(failure, options);
        }
    }

    async Task BackOffAsync(Exception failure, CancellationToken cancellation)
    {
        var wait = backoff.Next();
        string reason = CallFailure.Describe(failure, options);
        LogBackingOff(options.Logger, options.Name, reason, wait.TotalSeconds);
        Tell(ClientStage.BackingOff, 0, reason);
        await Task.Delay(wait, options.Time, cancellation).ConfigureAwait(false);
    }

    async Task JoinAsync(CancellationToken cancellation)
    {
        var reply = await AskForPlaceAsync(cancellation).ConfigureAwait(false);
        var place = new Place(options.Federation, options.Name, reply.Run.ToByteArray(), reply.Number.Checked("number"));
        bool isVoid = folder.Enter(place);
        if (isVoid)
            LogVoid(options.Logger, options.Name, options.Federation);
        if (isVoid || participation is null)
        {
            participation?.Dispose();
            participation = null;
            var terms = FederationTerms.Of(options.Federation, reply);
            participation = await Participation.BeginAsync(options, terms, reply.HasGraph, makeLearner, connection, folder, count,
                backoff.Reset, Tell, cancellation).ConfigureAwait(false);
        }

        participation.WholeUpdate = reply.WholeUpdate;
        isJoined = wasJoined = true;
        LogJoined(options.Logger, options.Name, options.Federation, place.Number);
        Tell(ClientStage.Joined, 0, isVoid
            ? "The server began another run of this federation; what this client kept of the last one is void." : "");
    }

    async Task<JoinReply> AskForPlaceAsync(CancellationToken cancellation)
    {
        using var guard = new StallGuard(options.Patience, options.Time, cancellation);
        var request = new JoinRequest { Federation = options.Federation, Protocol = ProtocolVersion };
        if (options.Number is { } number)
            request.Number = (uint)number;
        if (options.Capacity is { } capacity)
            request.Capacity = capacity.ToString();
        try
        {
            return await connection.Calls.JoinAsync(request, connection.Introducing(guard.Token)).ConfigureAwait(false);
        }
        catch (RpcException refusal) when (refusal.StatusCode == StatusCode.FailedPrecondition)
        {
            throw CallFailure.Explain(refusal, options);
        }
    }

    void Tell(ClientStage stage, int round, string message) =>
        options.Progress?.Report(new ClientProgress(stage, round, count.Up, count.Down, message));

    [LoggerMessage(Level = LogLevel.Information, Message = "{Client} has joined {Federation} as number {Number}")]
    static partial void LogJoined(ILogger logger, string client, string federation, int number);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Client}: the server began another run of {Federation}; what was kept of the last one is void")]
    static partial void LogVoid(ILogger logger, string client, string federation);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Client} waits {Seconds:0.0} s before it tries again: {Reason}")]
    static partial void LogBackingOff(ILogger logger, string client, string reason, double seconds);
}

using Microsoft.Extensions.Logging;
using Plume.Compression.Wire;
using Plume.Federation.Books;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Writing;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Secure;

/// <summary>
/// How the updates of a round come to be added up in secret: clients make their trips, each trip has its time, and what cannot be
/// taken back is written down before anybody acts on it.
/// </summary>
/// <remarks>
/// Of a session nothing is durable until who is in the sum is fixed: that, and the sum of masked words, is one event, written
/// before anybody is told of it, signs it or is asked to unmask. A server that goes before it begins another session, for which
/// clients draw other secrets; one that goes after it goes on to unmask exactly that sum. Shares, signatures, and what single
/// clients sent, are never written.
/// </remarks>
sealed partial class SumDesk(FederationDefinition definition, WrittenBooks written, Journal journal, SumSessions sessions,
    SumBlobs kept, StorageRetry retry, ILogger logger) : IFollower
{
    // Shares of a round's deadline: training and keys have what three trips leave.
    const double TripShare = 0.1, KeysShare = 1 - 3 * TripShare;

    SumSession? session;
    Task working = Task.CompletedTask;

    /// <summary>Is told when something changed that clients wait for. Under the turn.</summary>
    public Action Changed { get; set; } = () => { };

    /// <summary>Is told where this owner cannot go on.</summary>
    public Action<Exception> Faulted { get; set; } = _ => { };

    /// <summary>The sum of the round that has closed, masked; null where there is none.</summary>
    public KeptSum? Masked { get; private set; }

    /// <summary>The sum of the round that has closed, once it is revealed.</summary>
    public KeptSum? Revealed { get; private set; }

    /// <summary>How the session stands; null where there is none. Under the turn.</summary>
    public SumStanding? Stands => Begun()?.Stands;

    TimeSpan Trip => TripShare * definition.Plan.Deadline;

    // Whoever misses it spoils the round for all.
    TimeSpan LastTrip => 3 * Trip;

    /// <summary>Time that clients have for training and keys, of what is left of a round.</summary>
    public static TimeSpan LeftForKeys(TimeSpan left, TimeSpan deadline)
    {
        var forKeys = left - (1 - KeysShare) * deadline;
        return forKeys > TimeSpan.Zero ? forKeys : TimeSpan.Zero;
    }

    int Wanted => definition.Plan.WantedOf(written.State.Standings.Count);

    /// <summary>Takes a client's message, and says how its trip stands.</summary>
    public async Task<SumAnswer> AnswerAsync(SumMessage message, CancellationToken cancellation)
    {
        using var mine = await written.TurnAsync(cancellation).ConfigureAwait(false);
        bool isOfSession = Begun() is not null && message.Part == written.Books.PartOf(message.Client);
        if (!isOfSession || Revealed is not null)
            return await OutcomeAsync(message).ConfigureAwait(false);
        if (session!.Server.WhyLeftOut(message.Client) is { } leftOut)
            // That somebody is left out whose sum was fixed is known once the others' sums are.
            return session.IsFixed ? SumAnswer.Open : SumAnswer.Refused(nameof(Refusal.Stale), leftOut);
        if (message.Trip == SumPhase.Done)
            return await LostSecretsAsync(message).ConfigureAwait(false);
        if (message.Session != session!.Number)
            return SumAnswer.Anew;
        return message.Trip == session.Server.PhaseOf(message.Client) || message.Trip > SumPhase.Masked
            ? await TakeAsync(message).ConfigureAwait(false) : Before(message);
    }

    /// <summary>Closes a trip whose time is over.</summary>
    public async Task TickAsync(CancellationToken cancellation)
    {
        using var mine = await written.TurnAsync(cancellation).ConfigureAwait(false);
        if (Begun() is not { } at)
            return;
        bool isOver = written.Now >= at.Deadline;
        if (written.State.Phase == Phase.Collecting && (isOver || at.Awaited(written.State, Wanted).Count == 0))
            await CloseAsync(at).ConfigureAwait(false);
        else if (isOver && at.IsFixed && !at.IsFinishing && Revealed is null && !GoesOnWithoutLate(at))
            await LoseAsync(at, $"Of the {at.Server.Contributing.Count} clients in the sum {at.Server.Answered} have "
                + $"{(at.Server.Phase == SumPhase.Consistency ? "signed who is in it" : "sent shares")} in time, which are too few.")
                .ConfigureAwait(false);
    }

    // Whether enough groups are not late with the last trips.
    bool GoesOnWithoutLate(SumSession at)
    {
        if (!at.Server.LeaveLateOut())
            return false;
        at.Deadline = written.Now + LastTrip;
        if (at.Server.HasEnough)
            working = FinishAsync(at);
        Changed();
        return true;
    }

    /// <summary>Goes on with a sum that was fixed and not revealed when the last owner left. Under the turn.</summary>
    public void GoOn() => working = RestoreAsync();

    /// <summary>Waits until nothing is being written.</summary>
    public async Task SettleAsync() => await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <inheritdoc/>
    public void Follow(LedgerEvent? happened, BooksEntry entry)
    {
        if (happened is SumWasClosed closed)
        {
            Masked = closed.Sum;
            if (session is { } at)
                at.IsFixed = true;
        }

        if (happened is SumWasRevealed revealed)
            Revealed = revealed.Sum;
        if (happened is SumWasLost)
            (session, Masked) = (null, null);
        if (happened is GaveUp gave)
            session?.Leave(gave.Client);
        if (entry.Opens || happened is null || entry.After.HasEnded)
            (session, Masked, Revealed) = (null, null, null);
    }

    // The session of the attempt at hand, which begins when somebody asks for it.
    SumSession? Begun()
    {
        var state = written.State;
        if (session is null && state.Phase == Phase.Collecting)
        {
            var (opened, now) = (state.Current.Deadline - definition.Plan.Deadline, written.Now);
            var (first, least) = (opened + KeysShare * definition.Plan.Deadline, now + Trip);
            session = sessions.Begin(state.Current, journal.Epoch, first > least ? first : least);
        }

        return session;
    }

    async Task<SumAnswer> TakeAsync(SumMessage message)
    {
        var at = session!;
        if (message.Bytes is null && !at.Has(message.Trip, message.Client))
            return SumAnswer.Again;
        // It has enough, and takes what is too much when that does not do.
        if (at.IsFinishing || (at.Server.Phase > SumPhase.Masked && !at.IsFixed))
            return SumAnswer.Open;
        if (message.Bytes is not null)
        {
            if (written.State.Standings.GetValueOrDefault(message.Client, Standing.Out) == Standing.Out)
                return SumAnswer.Refused(nameof(Refusal.NotAsked), $"Round {message.Round} does not ask client {message.Client}, "
                    + $"or not any more.");
            var before = at.Server.PhaseOf(message.Client);
            try
            {
                at.Take(message);
            }
            catch (InvalidPayloadException invalid)
            {
                return SumAnswer.Refused(nameof(Refusal.Invalid), invalid.Message);
            }

            if (at.Server.PhaseOf(message.Client) > before)
            {
                // Enough have signed who is in the sum; the time of the last trip begins when they have in all groups.
                if (at.Server.Ahead == 0)
                    at.Deadline = written.Now + LastTrip;
                Changed();
            }
        }

        if (at.Server.HasEnough)
            working = FinishAsync(at);
        else if (written.State.Phase == Phase.Collecting && at.Awaited(written.State, Wanted).Count == 0)
            await CloseAsync(at).ConfigureAwait(false);
        return session == at && message.Trip < SumPhase.Unmasking && message.Trip < at.Server.PhaseOf(message.Client)
            ? Before(message)
            : SumAnswer.Open;
    }

    // Of a trip that is over.
    SumAnswer Before(SumMessage message)
    {
        var at = session!;
        var open = at.Server.PhaseOf(message.Client);
        if (message.Trip > open)
            return SumAnswer.Refused(nameof(Refusal.Stale), $"The session waits for {open}, not {message.Trip}.");
        if (!at.Has(message.Trip, message.Client))
            return SumAnswer.Refused(nameof(Refusal.Late),
                $"What client {message.Client} sends for the trip {message.Trip} comes too late: the trip is over.");
        if (at.IsOther(message))
            return SumAnswer.Refused(nameof(Refusal.Duplicate),
                $"Client {message.Client} has sent something else for the trip {message.Trip} before.");
        return message.Trip == SumPhase.Masked && !at.IsFixed ? SumAnswer.Open
            : at.ToldAfter(message.Trip, message.Client);
    }

    // A client that began anew: what it has sent stays, and more will not come.
    async Task<SumAnswer> LostSecretsAsync(SumMessage message)
    {
        var at = session!;
        if (at.Server.Phase == SumPhase.Keys)
            return SumAnswer.Anew;
        if (written.State.Phase == Phase.Applying ? written.State.Weights.ContainsKey(message.Client)
            : at.Has(SumPhase.Masked, message.Client))
            return SumAnswer.Open;
        at.Leave(message.Client);
        if (written.State.Phase == Phase.Collecting && at.Awaited(written.State, Wanted).Count == 0)
            await CloseAsync(at).ConfigureAwait(false);
        return SumAnswer.Refused(nameof(Refusal.Late), $"The session goes on without client {message.Client}, which has no secrets "
            + $"of it any more.");
    }

    // What became of an update of a round that is over, or of another attempt.
    async Task<SumAnswer> OutcomeAsync(SumMessage message)
    {
        if (written.Books.OutcomeOf(message.Part) is { IsCounted: true })
            return SumAnswer.Counted;
        var record = message.Round >= 1 && message.Round < written.State.Current.Round
            ? await journal.RecordAsync(message.Round).ConfigureAwait(false) : null;
        if (record?.Updates.Any(update => update.IsCounted && update.Client == message.Client
            && update.Attempt == message.Attempt) == true)
            return SumAnswer.Counted;
        // A sum that was fixed is there again in a moment.
        return Masked is not null && Revealed is null && message.Part == written.Books.PartOf(message.Client) ? SumAnswer.Open
            : SumAnswer.Refused(nameof(Refusal.Stale),
                $"Round {message.Round}, attempt {message.Attempt} is over, without client {message.Client}.");
    }

    async Task CloseAsync(SumSession at)
    {
        if (at.Server.Phase > SumPhase.Masked)
            return;
        try
        {
            var trip = at.Server.Phase;
            at.Close(written.State, Wanted);
            LogClosed(logger, definition.Name, at.Task.Round, trip, at.Missing.Count);
        }
        catch (SumLostException lost)
        {
            await LoseAsync(at, lost.Message).ConfigureAwait(false);
            return;
        }

        bool isFixed = at.Server.Phase > SumPhase.Masked;
        at.Deadline = written.Now + (isFixed ? LastTrip : Trip);
        if (isFixed)
            working = FixAsync(at);
        Changed();
    }

    async Task LoseAsync(SumSession at, string problem)
    {
        LogLost(logger, definition.Name, at.Task.Round, at.Task.Attempt, problem);
        await written.HappenAsync(new SumWasLost(written.Now, problem, at.Missing, at.NewBytes())).ConfigureAwait(false);
    }

    // The sum, and then who is in it, are durable before anybody is asked to unmask.
    Task FixAsync(SumSession at) => DoAsync(async () =>
    {
        byte[] bytes = at.Server.Keep();
        await Task.Yield();
        var sum = await retry.UntilDoneAsync(() => kept.WriteMaskedAsync(at, bytes, retry.Closing)).ConfigureAwait(false);
        CrashPoint.Pass("sum-stored");
        using var mine = await written.TurnAsync(retry.Closing).ConfigureAwait(false);
        if (session != at || written.State.Phase != Phase.Collecting)
            return;
        await retry.UntilDoneAsync(() => written.HappenAsync(
            new SumWasClosed(written.Now, at.Server.Contributing, at.Missing, at.NewBytes(), sum))).ConfigureAwait(false);
    });

    Task FinishAsync(SumSession at)
    {
        at.IsFinishing = true;
        return DoAsync(async () =>
        {
            await Task.Yield();
            var (revealed, outcome, problem) = sessions.Reveal(at, written.State.Current);
            var sum = revealed is null ? null : await retry.UntilDoneAsync(() =>
                kept.WriteRevealedAsync(at, revealed, retry.Closing)).ConfigureAwait(false);
            CrashPoint.Pass("revealed-stored");
            using var mine = await written.TurnAsync(retry.Closing).ConfigureAwait(false);
            if (session != at || written.State.Phase != Phase.Applying)
                return;
            if (sum is not null)
                await retry.UntilDoneAsync(() => written.HappenAsync(new SumWasRevealed(written.Now, revealed!.Norm,
                    at.NextStep(revealed.Fill), revealed.Loss, at.NewBytes(), at.Server.NoteOn(outcome!), sum)
                { LeftOut = at.Server.LeftOut is { Count: > 0 } leftOut ? leftOut : null })).ConfigureAwait(false);
            else if (at.Server.Phase is SumPhase.Consistency or SumPhase.Unmasking
                && at.Server.Answered < at.Server.Contributing.Count)
                // More shares may tell which ones do not fit.
                at.IsFinishing = false;
            else
                await LoseAsync(at, problem!).ConfigureAwait(false);
        });
    }

    Task RestoreAsync() => DoAsync(async () =>
    {
        await Task.Yield();
        using var mine = await written.TurnAsync(retry.Closing).ConfigureAwait(false);
        var current = written.State.Current;
        try
        {
            byte[] bytes = await retry.UntilDoneAsync(() => kept.ReadMaskedAsync(current.Round, Masked!, retry.Closing))
                .ConfigureAwait(false);
            session = sessions.Restore(current, Masked!.Session, written.Now + LastTrip, bytes);
            Changed();
        }
        catch (Exception damage) when (damage is InvalidDataException or InvalidPayloadException)
        {
            LogLost(logger, definition.Name, current.Round, current.Attempt, damage.Message);
            await written.HappenAsync(new SumWasLost(written.Now, damage.Message, [], 0)).ConfigureAwait(false);
        }
    });

    // Nobody awaits it; the next start goes on from what is durable.
    async Task DoAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (retry.Closing.IsCancellationRequested)
        {
        }
        catch (Exception problem)
        {
            LogFailed(logger, definition.Name, problem);
            Faulted(problem);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug,
        Message = "{Federation}: in round {Round} the trip {Trip} of the secure sum is over; {Missing} clients are missing so far")]
    static partial void LogClosed(ILogger logger, string federation, int round, SumPhase trip, int missing);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Federation}: the secure sum of round {Round}, attempt {Attempt} is lost: {Problem}")]
    static partial void LogLost(ILogger logger, string federation, int round, int attempt, string problem);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Federation}: a secure sum could not be had")]
    static partial void LogFailed(ILogger logger, string federation, Exception problem);
}

using Microsoft.Extensions.Logging;
using Plume.Federation.Books;
using Plume.Federation.Rounds;
using Plume.Server.Storage;

namespace Plume.Server.Federations;

// How an update comes to count.
partial class Coordinator
{
    /// <summary>Takes in an update whose bytes are durable, and answers when its outcome is. The same update again has the same answer.</summary>
    public async Task<UploadOutcome> ArriveAsync(ArrivedUpdate update, CancellationToken cancellation)
    {
        Task<UploadOutcome> outcome;
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (await KnownAsync(update).ConfigureAwait(false) is { } known)
            {
                outcome = known;
            }
            else
            {
                var commands = await HappenAsync(new Arrived(time.GetUtcNow(), update)).ConfigureAwait(false);
                if (commands.OfType<RefuseUpdate>().FirstOrDefault() is { } refusal)
                    return new UploadOutcome(false, refusal.Reason.ToString(), refusal.Message);
                outcome = settling[update.Client] = AddAsync(new WeightedUpdate(update, State.Weights[update.Client]), State.Current);
            }
        }
        finally
        {
            turn.Release();
        }

        return await outcome.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>What would become of an update, so that no byte is sent for nothing; null where its bytes are wanted.</summary>
    public async Task<UploadOutcome?> ConsiderAsync(ArrivedUpdate update, CancellationToken cancellation)
    {
        Task<UploadOutcome>? known;
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            known = await KnownAsync(update).ConfigureAwait(false);
            if (known is null)
            {
                if (books.Consider(update.ToFederation(), time.GetUtcNow()).Refusal is not { } refusal)
                    return null;
                metrics.Refused(refusal.Reason);
                return new UploadOutcome(false, refusal.Reason.ToString(), refusal.Message);
            }
        }
        finally
        {
            turn.Release();
        }

        return await known.WaitAsync(cancellation).ConfigureAwait(false);
    }

    // What was answered, or is being decided, on this client's part in that round; null where nothing is.
    async Task<Task<UploadOutcome>?> KnownAsync(ArrivedUpdate update)
    {
        if (books.OutcomeOf(update.Part) is { } outcome)
            return Task.FromResult(SameOrRefused(update, arrivals[update.Part].Sha256, AnswerOf(outcome)));
        if (update.Part == books.PartOf(update.Client) && settling.TryGetValue(update.Client, out var pending))
            return arrivals[update.Part].Sha256 == update.Sha256 ? pending : Task.FromResult(SameOrRefused(update, arrivals[update.Part].Sha256, UploadOutcome.CountedOf(update, definition.Plan)));
        return update.Round < State.Current.Round - 1 && update.Round >= 1 ? await RememberedAsync(update).ConfigureAwait(false) : null;
    }

    UploadOutcome AnswerOf(SettledPart settled) => settled.Problem is { } problem
        ? new UploadOutcome(false, nameof(Refusal.Invalid), problem)
        : UploadOutcome.CountedOf(arrivals[settled.Part], definition.Plan);

    UploadOutcome SameOrRefused(ArrivedUpdate update, string sha256, UploadOutcome outcome)
    {
        if (sha256 == update.Sha256)
            return outcome;
        metrics.Refused(Refusal.Duplicate);
        return new UploadOutcome(false, nameof(Refusal.Duplicate), $"The update of client {update.Client} is refused: round {update.Round} has another update of this client.");
    }

    // A client that was away for rounds still learns what became of its update.
    async Task<Task<UploadOutcome>?> RememberedAsync(ArrivedUpdate update)
    {
        byte[]? bytes = unrecorded.Count > 0 ? unrecorded.ElementAtOrDefault(update.Round) : await ledger.RecordAsync(definition.Id, update.Round, CancellationToken.None).ConfigureAwait(false);
        var before = bytes is null ? null : VersionRecord.FromBytes(bytes).Updates.FirstOrDefault(settled => settled.Client == update.Client && settled.Attempt == update.Attempt);
        return before is { Problem: null } ? Task.FromResult(SameOrRefused(update, before.Sha256, before.OutcomeIn(update.Round, definition.Plan))) : null;
    }

    // Goes on whether or not the client still waits: what arrived is settled.
    async Task<UploadOutcome> AddAsync(WeightedUpdate update, RoundPlan plan)
    {
        await Task.Yield();
        try
        {
            return await DecideAsync(update, plan).ConfigureAwait(false);
        }
        catch (Exception lost) when (lost is FencedException or UnknownOutcomeException)
        {
            Fault(lost);
            throw;
        }
    }

    async Task<UploadOutcome> DecideAsync(WeightedUpdate update, RoundPlan plan)
    {
        var (norm, problem) = await PersistAsync(() => ReadAndAddAsync(update, plan)).ConfigureAwait(false);
        await turn.WaitAsync(closing.Token).ConfigureAwait(false);
        try
        {
            int client = update.Update.Client;
            await PersistAsync(() => HappenAsync(problem is null ? new WasAdded(time.GetUtcNow(), client, norm) : new WasInvalid(time.GetUtcNow(), client, problem))).ConfigureAwait(false);
            return AnswerOf(books.OutcomeOf(update.Update.Part)!.Value);
        }
        finally
        {
            turn.Release();
        }
    }

    async Task<AddedUpdate> ReadAndAddAsync(WeightedUpdate update, RoundPlan plan)
    {
        try
        {
            return await aggregator.AddAsync(update, plan, closing.Token).ConfigureAwait(false);
        }
        catch (Exception lost) when (lost is InvalidDataException or FileNotFoundException)
        {
            return new AddedUpdate(0, lost.Message);
        }
    }

    // A disk that is full, or a database that restarts, delays what must be done; it does not undo it. Where it is not known
    // whether it was done, the next owner reads it.
    async Task<T> PersistAsync<T>(Func<Task<T>> work)
    {
        while (true)
        {
            try
            {
                return await work().ConfigureAwait(false);
            }
            catch (IOException problem) when (problem is not (FileNotFoundException or UnknownOutcomeException))
            {
                LogDelayed(logger, definition.Name, problem.Message);
                metrics.StorageFailed();
            }

            await Task.Delay(RetryDelay, time, closing.Token).ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Federation}: storage does not answer, trying again: {Problem}")]
    static partial void LogDelayed(ILogger logger, string federation, string problem);
}

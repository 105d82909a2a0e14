using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Plume.Federation.Rounds;
using Plume.Server.Storage;

namespace Plume.Server.Federations;

// How an event becomes state: written first, then believed. Everything here runs under the turn.
partial class Coordinator
{
    // Snapshots of a new owner come after all of those before it.
    const int EpochShift = 32;

    const string StoppedByOperator = "An operator stopped the federation.";

    volatile ImmutableSortedSet<int> members = [];

    async Task<ImmutableArray<FederationCommand>> HappenAsync(LedgerEvent happened)
    {
        var (next, commands) = machine.Step(state, happened.ToFederation(), happened.At);
        if (!ReferenceEquals(next, state))
        {
            await ledger.AppendAsync(definition.Id, epoch, position, [happened.ToBytes()], CancellationToken.None).ConfigureAwait(false);
            CrashPoint.Pass(happened is Arrived ? "arrived" : happened is WasAdded ? "added" : "event");
            position++;
            Believe(next, happened, commands);
            Publish();
            if (commands.Any(command => command is ApplyMean))
                applying = ApplyAfterAsync(applying);
            if (next.HasEnded)
                applying = RetireAfterAsync(applying);
        }

        metrics.Happened(happened, commands);
        foreach (var bounded in commands.OfType<ReportBounded>())
            LogBounded(logger, definition.Name, bounded.Message);
        return commands;
    }

    // Also how a restart learns what happened before it.
    void Believe(FederationState next, LedgerEvent happened, ImmutableArray<FederationCommand> commands)
    {
        var (round, attempt) = (state.Current.Round, state.Current.Attempt);
        state = next;
        tally.Count(happened, commands);
        switch (happened)
        {
            case WasStopped:
                message = StoppedByOperator;
                break;
            case PlaceTaken place:
                Take(place);
                break;
            case PlaceGivenBack place:
                GiveBack(place);
                break;
            case Arrived arrived:
                taken[arrived.Update.Client] = arrived.Update;
                break;
            case WasAdded added:
                Settle(round, attempt, added.Client, UploadOutcome.CountedOf(taken[added.Client], definition.Plan));
                break;
            case WasInvalid invalid:
                Settle(round, attempt, invalid.Client, new UploadOutcome(false, nameof(Refusal.Invalid), commands.OfType<RefuseUpdate>().First().Message));
                break;
        }

        BeginRound(commands, happened.At);
    }

    void BeginRound(ImmutableArray<FederationCommand> commands, DateTimeOffset at)
    {
        foreach (var command in commands)
        {
            if (command is Abandon abandon)
                message = abandon.Message;
            if (command is not PublishRound publish)
                continue;
            taken.Clear();
            settling.Clear();
            vacated.Clear();
            if (publish.Plan.Attempt == 1)
                tally = new RoundTally(at);
        }
    }

    void Settle(int round, int attempt, int client, UploadOutcome outcome) => settled[(round, attempt, client)] = (taken[client], outcome);

    void Publish()
    {
        members = state.Members;
        var (round, attempt) = (state.Current.Round, state.Current.Attempt);
        if (!isVacated && snapshot is { } at && at.Phase == state.Phase && at.IsPaused == state.IsPaused && at.Round == round && at.Attempt == attempt)
            return;
        long sequence = snapshot?.Sequence + 1 ?? epoch << EpochShift;
        snapshot = new FederationSnapshot(sequence, state.Phase, state.IsPaused, round, attempt, head.Version, state.Current.Deadline, [.. state.Current.Participants.Except(vacated)], message)
        {
            PlacesSince = isVacated ? sequence : snapshot?.PlacesSince ?? sequence,
        };
        isVacated = false;
        var before = changed;
        changed = NewSignal();
        before.TrySetResult();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation}: {Message}")]
    static partial void LogBounded(ILogger logger, string federation, string message);

    // The updates in the mean, in the order of their clients: what the next version is a function of.
    WeightedUpdate[] Contributions() => [.. state.Weights.Select(entry => new WeightedUpdate(taken[entry.Key], entry.Value))];
}

using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Plume.Federation.Books;
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
        var entry = books.Consider(happened.ToFederation(), happened.At);
        var commands = entry.Commands;
        if (entry.IsChange)
        {
            await ledger.AppendAsync(definition.Id, epoch, position, [happened.ToBytes()], CancellationToken.None).ConfigureAwait(false);
            CrashPoint.Pass(happened is Arrived ? "arrived" : happened is WasAdded ? "added" : "event");
            position++;
            Believe(entry, happened);
            Publish();
            if (commands.Any(command => command is ApplyMean))
                applying = ApplyAfterAsync(applying);
            if (State.HasEnded)
                applying = RetireAfterAsync(applying);
        }

        metrics.Happened(happened, commands);
        foreach (var bounded in commands.OfType<ReportBounded>())
            LogBounded(logger, definition.Name, bounded.Message);
        return commands;
    }

    // Also how a restart learns what happened before it.
    void Believe(BooksEntry entry, LedgerEvent happened)
    {
        books.Enter(entry);
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
                arrivals[arrived.Update.Part] = arrived.Update;
                break;
        }

        BeginRound(entry.Commands);
    }

    void BeginRound(ImmutableArray<FederationCommand> commands)
    {
        foreach (var command in commands)
        {
            if (command is Abandon abandon)
                message = abandon.Message;
            if (command is Finish && books.WhyEnded is { } why)
                message = why;
            if (command is not PublishRound)
                continue;
            settling.Clear();
            vacated.Clear();
        }
    }

    void Publish()
    {
        members = State.Members;
        var (round, attempt) = (State.Current.Round, State.Current.Attempt);
        if (!isVacated && snapshot is { } at && at.Phase == State.Phase && at.IsPaused == State.IsPaused && at.Round == round && at.Attempt == attempt)
            return;
        long sequence = snapshot?.Sequence + 1 ?? epoch << EpochShift;
        snapshot = new FederationSnapshot(sequence, State.Phase, State.IsPaused, round, attempt, head.Version, State.Current.Deadline, [.. State.Current.Participants.Except(vacated)], message)
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
    WeightedUpdate[] Contributions() => [.. books.Contributions.Select(entry => new WeightedUpdate(arrivals[books.PartOf(entry.Key)], entry.Value))];
}

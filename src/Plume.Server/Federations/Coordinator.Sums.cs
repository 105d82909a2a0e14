using Plume.Federation.Books;
using Plume.Federation.Budgets;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Secure;

namespace Plume.Server.Federations;

/// <summary>What is otherwise where updates are added up in secret.</summary>
sealed partial class Coordinator
{
    /// <inheritdoc cref="SumDesk.AnswerAsync"/>
    public Task<SumAnswer> AnswerAsync(SumMessage message, CancellationToken cancellation) => sums is null
        ? Task.FromResult(SumAnswer.Refused(nameof(Refusal.NotAsked), "The federation makes no secure sums."))
        : sums.AnswerAsync(message, cancellation);

    SumDesk? SumsOf(GlobalModel model, double usualNorm, bool isTls, SumBlobs kept)
    {
        if (!definition.SumsInSecret)
            return null;
        float firstStep = SecureRound.FirstStep(definition.Plan, definition.Layout, usualNorm);
        var sessions = new SumSessions(definition, firstStep, isTls, capacity => model.Broadcasts[capacity].Published);
        return new SumDesk(definition, written, journal, sessions, kept, retry, logger) { Changed = Announce, Faulted = Fault };
    }

    // Of a secure sum there is nothing to apply before it is revealed, or lost.
    static bool IsToApply(BooksEntry entry) => entry.Happened is SumRevealed
        || (entry.Happened is not SumClosed && entry.Commands.Any(command => command is ApplyMean));

    // Whether what the last owner left is a sum that is not revealed.
    bool UnmasksFirst()
    {
        if (sums is not { Masked: not null, Revealed: null })
            return false;
        sums.GoOn();
        return true;
    }

    // A round whose time is up; of a secure sum each trip has its own.
    Task CloseAsync(CancellationToken cancellation) => sums?.TickAsync(cancellation)
        ?? written.HappenAsync(now => (written.State.Phase == Phase.Collecting && now >= written.State.Current.Deadline)
            || BudgetsAreWholeAgain(now) ? new DeadlinePassed(now) : null, cancellation);

    // With a new day of a month the round that waits may find clients that it can ask.
    bool BudgetsAreWholeAgain(DateTimeOffset now) => definition.Plan.Budget is { Scope: BudgetScope.ClientMonth }
        && written.State is { Phase: Phase.Waiting, IsPaused: false } && written.Books.Consider(new TimePassed(), now).IsChange;

    BudgetReport? BudgetOf(FederationState state) => BudgetReport.Of(definition.Plan, state.Spending,
        history.Since(0).Select(round => round.Budget).OfType<BudgetFigures>(), written.Books.WhyEnded);
}

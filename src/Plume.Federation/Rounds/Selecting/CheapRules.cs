namespace Plume.Federation.Rounds.Selecting;

/// <summary>
/// Where a plan draws those that are nearly up to date: what it remembers for it, and what it cannot stand beside.
/// </summary>
static class CheapRules
{
    /// <summary>The state when a client's update of the round at hand is in the sum: it holds the version before it.</summary>
    public static FederationState Answered(FederationPlan plan, FederationState state, int client) =>
        plan.Selection is null ? state
        : state with { LastRounds = state.LastRounds.SetItem(client, state.Current.Round) };

    /// <summary>The state when nobody has a number any more: whoever has it next holds nothing.</summary>
    public static FederationState Vacated(FederationPlan plan, FederationState state, int client) =>
        plan.Selection is null ? state
        : state with { LastRounds = state.LastRounds.Remove(client) };

    /// <summary>Every rule between the selection and the rest of the plan that is broken, in sentences.</summary>
    public static IEnumerable<string> Problems(FederationPlan plan)
    {
        if (plan.Selection is not { } selection)
            yield break;
        if (!plan.Downlink.UsesReference)
            yield return $"'{selection}' asks those that miss few versions, and by '{plan.Downlink}' everybody downloads as much: let "
                + "the downlink begin with 'delta', or the selection be uniform.";
        if (plan.Fixed is not null)
            yield return $"Participants of each round are fixed, so that '{selection}' has nothing to choose: let the partition name none, or "
                + "leave the selection out.";
        if (plan.Buffered is { } rhythm)
            yield return $"'{selection}' draws the clients of a round together, and in the rhythm '{rhythm}' each is asked by itself: "
                + $"let the rhythm be {Buffering.Buffered.Synchronous}, or the selection uniform.";
        if (plan.Privacy is not null)
            yield return $"Privacy debits a client for each round that it is in, and '{selection}' asks the same ones again, whose budget "
                + "is spent soon: let the selection be uniform.";
        if (plan.Uplink.IsSecure)
            yield return $"By '{selection}' rounds have nearly the same clients, and under 'secure' what two sums differ by then tells of "
                + "single ones: let the selection be uniform.";
        if (plan.Rule is { } rule)
            yield return $"'{rule}' withstands so many hostile clients in a round, and by '{selection}' those of one round are in the next, "
                + "so that a bad draw stays: let the selection be uniform, or the rule the mean.";
        if (plan.Budget is { Scope: not Budgets.BudgetScope.Federation } budget)
            yield return $"Where each client has a budget, '{budget}', rounds draw those that have spent least, and '{selection}' others: leave "
                + "one of them out.";
    }
}

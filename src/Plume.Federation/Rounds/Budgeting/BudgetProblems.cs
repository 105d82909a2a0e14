namespace Plume.Federation.Rounds.Budgeting;

/// <summary>What a budget of bytes cannot stand beside.</summary>
static class BudgetProblems
{
    /// <summary>Every rule between the budget and the rest of a plan that is broken, in sentences.</summary>
    public static IEnumerable<string> Of(FederationPlan plan)
    {
        if (plan.Budget is not { } budget)
            yield break;
        if (plan.Buffered is { } rhythm)
            yield return $"A budget of '{budget}' is kept round by round, and in the rhythm '{rhythm}' clients are asked at any time: let "
                + $"the rhythm be {Buffering.Buffered.Synchronous}.";
        if (plan.Uplink.IsSecure)
            yield return $"A budget of '{budget}' is kept by what single clients send, and under 'secure' each round has trips of "
                + "its own: leave one of them out.";
        if (plan.Privacy is not null)
            yield return $"A budget of '{budget}' decides by clients' bytes who is asked, and privacy counts on a draw that knows "
                + "nothing of them: leave one of them out.";
        if (plan.Method.Capacities.Count > 1)
            yield return $"A budget of '{budget}' takes all clients to download one model, and by '{plan.Method}' they have several: "
                + "leave one of them out.";
    }
}

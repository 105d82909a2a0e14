namespace Plume.Federation.Rounds;

/// <summary>
/// How a round goes whose updates are added up in secret: no single one is here, and all that is known comes at once.
/// </summary>
static class SecureSteps
{
    /// <summary>The state when who is in the sum is fixed: the round has closed.</summary>
    /// <exception cref="InvalidOperationException">The round is not open, did not ask one of them, or needs more.</exception>
    public static FederationState Close(FederationPlan plan, FederationState state, SumClosed sum)
    {
        if (state.Phase != Phase.Collecting || sum.Clients.Count < plan.Quorum
            || sum.Clients.Any(client => state.Standings.GetValueOrDefault(client, Standing.Out) != Standing.Asked))
            throw new InvalidOperationException(
                $"A sum of clients {string.Join(", ", sum.Clients)} cannot close round {state.Current.Round}, which is "
                    + $"{state.Phase} and needs {plan.Quorum} of those that it asked.");
        return Missed(plan, state, sum.Missing) with
        {
            Phase = Phase.Applying,
            Standings = state.Standings.SetItems(sum.Clients.Select(client => KeyValuePair.Create(client, Standing.Added))),
            // What weighs how much is in the sum, for nobody to see.
            Weights = state.Weights.AddRange(sum.Clients.Select(client => KeyValuePair.Create(client, 1.0))),
            Absences = Missed(plan, state, sum.Missing).Absences.RemoveRange(sum.Clients),
        };
    }

    /// <summary>The state when the sum is known.</summary>
    /// <exception cref="InvalidOperationException">The round has not closed.</exception>
    public static FederationState Reveal(FederationState state, SumRevealed sum)
    {
        if (state.Phase != Phase.Applying)
            throw new InvalidOperationException(
                $"A sum is unmasked while a round is applied, but the federation is {state.Phase}.");
        var weights = state.Weights.RemoveRange(sum.LeftOut);
        return state with
        {
            SharedStep = sum.NextStep,
            Weights = weights,
            Norms = state.Norms.SetItems(weights.Keys.Select(client => KeyValuePair.Create(client, sum.Norm))),
        };
    }

    /// <summary>
    /// The state when the sum is lost after clients were asked to unmask it: they unmask no other of the round, so the round
    /// passes and leaves the model as it is.
    /// </summary>
    public static FederationState Pass(FederationState state) => state with
    {
        Weights = FederationState.Initial.Weights,
        Norms = FederationState.Initial.Norms,
    };

    /// <summary>The state when the sum is lost before anybody was asked to unmask it, before another attempt.</summary>
    /// <exception cref="InvalidOperationException">No round is open.</exception>
    public static FederationState Lose(FederationPlan plan, FederationState state, SumLost lost) =>
        state.Phase == Phase.Collecting ? Missed(plan, state, lost.Missing)
        : throw new InvalidOperationException($"A sum is lost while a round is open, but the federation is {state.Phase}.");

    // Where who takes part is fixed, everybody is asked again.
    static FederationState Missed(FederationPlan plan, FederationState state, IReadOnlyList<int> missing) =>
        plan.Fixed is null ? missing.Aggregate(state, Absences.Missed) : state;
}

namespace Plume.Federation.Rounds.Extending;

/// <summary>More rounds than a plan has, for a federation that runs or is finished.</summary>
static class Extension
{
    /// <summary>Most rounds of a federation.</summary>
    const int Most = 1_000_000;

    /// <summary>Why a federation cannot have so many rounds, whatever its budgets say; null where it can.</summary>
    public static string? Misfit(FederationPlan plan, FederationState state, int rounds)
    {
        int now = plan.RoundsIn(state);
        return state.Phase switch
        {
            Phase.Stopped => "It was stopped, which is for good.",
            Phase.Abandoned => "It was abandoned, since a round did not find its quorum, which is for good.",
            _ when rounds <= now => $"It has {now} rounds already, of which {Done(state)} are done: give it more than that, all told.",
            _ when rounds > Most => $"It may have {Most} rounds at most, not {rounds}.",
            _ when plan.Fixed is { } lists && rounds > lists.Count =>
                $"Who takes part is fixed for {lists.Count} rounds, so it may have {lists.Count} at most, not {rounds}.",
            _ when plan.Privacy?.Matrix is { } matrix =>
                $"The noise of '{matrix}' is made for {plan.Rounds} rounds, and further ones would break what privacy promises.",
            _ when plan.Schedule.FadesOut =>
                $"The schedule '{plan.Schedule}' lets the learning rate go to nearly zero by round {plan.Rounds}, so that further rounds "
                    + "would learn nothing.",
            _ => null,
        };
    }

    /// <summary>The state with so many rounds; one that was finished has no members before they are heard of again.</summary>
    public static FederationState Of(FederationState state, int rounds) => state.Phase != Phase.Finished
        ? state with { Rounds = rounds }
        : state with
        {
            Rounds = rounds,
            Gathering = state.Current.Round + 1,
            Phase = Phase.Waiting,
            Current = new RoundPlan(state.Current.Round + 1, 1, state.Current.Round, [], default),
            Members = [],
            Standings = FederationState.Initial.Standings,
            Weights = FederationState.Initial.Weights,
            Norms = FederationState.Initial.Norms,
            Tasks = FederationState.Initial.Tasks,
        };

    static int Done(FederationState state) => state.Phase == Phase.Finished ? state.Current.Round : state.Current.Round - 1;
}

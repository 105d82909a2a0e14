using System.Collections.Immutable;
using System.Globalization;
using Plume.Federation.Privacy.Clipping;
using Plume.Federation.Privacy.Matrix;

namespace Plume.Federation.Rounds;

/// <summary>
/// Which clients a round may ask where a plan promises privacy: those whose budget pays for another round and, where noise is
/// correlated between rounds, that took part long enough ago.
/// </summary>
static class PrivacyBudget
{
    /// <summary>Those of some clients that a round may ask.</summary>
    public static IEnumerable<int> Askable(FederationPlan plan, FederationState state, int round, IEnumerable<int> clients)
    {
        if (plan.Privacy is not { } privacy)
            return clients;
        var paying = privacy.WithBudget(state.Participations, clients);
        return privacy.Matrix is not { } matrix ? paying
            : paying.Where(client =>
                matrix.MayAsk(state.LastRounds.TryGetValue(client, out int last) ? last : null, round));
    }

    /// <summary>
    /// Whether a round finds its quorum if all clients are there. None that comes later finds more: who may be asked changes with
    /// the rounds that are made.
    /// </summary>
    public static bool Suffices(FederationPlan plan, FederationState state, int round) => plan.Privacy is null
        || Askable(plan, state, round, plan.Fixed?[round - 1] ?? Enumerable.Range(0, plan.Clients)).Count() >= plan.Quorum;

    /// <summary>
    /// The state when a round has closed: written down with that event, and so before anything is made of its updates; of a
    /// secure sum before anybody is asked to unmask it. One that is lost after that stays paid for: who asked for it may have it.
    /// </summary>
    public static FederationState Debited(FederationPlan plan, FederationState state)
    {
        if (plan.Privacy is not { } privacy)
            return state;
        var clients = state.Weights.Keys;
        return state with
        {
            Participations = state.Participations.SetItems(clients.Select(client =>
                KeyValuePair.Create(client, state.Participations.GetValueOrDefault(client) + 1))),
            LastRounds = privacy.Matrix is null ? state.LastRounds
                : state.LastRounds.SetItems(clients.Select(client => KeyValuePair.Create(client, state.Current.Round))),
        };
    }

    /// <summary>Why a federation has ended before its last round by itself; null where it has not.</summary>
    public static string? WhyEnded(FederationPlan plan, FederationState state)
    {
        if (plan.Privacy is not { } privacy || state.Phase != Phase.Finished || state.Current.Round >= plan.RoundsIn(state))
            return null;
        int left = Askable(plan, state, state.Current.Round + 1, Enumerable.Range(0, plan.Clients)).Count();
        string apart = privacy.Matrix is { } matrix ? $" and took part {matrix.Separation} rounds ago or longer" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"The privacy budget of epsilon {privacy.Epsilon} is spent: of {plan.Clients} clients {left} have some left for "
                + $"another round{apart}, and a round needs {plan.Quorum}.");
    }

    /// <summary>Every rule between the privacy and the rest of the plan that is broken, in sentences.</summary>
    public static IEnumerable<string> Problems(FederationPlan plan)
    {
        if (plan.Privacy is not { } privacy)
            return [];
        var problems = privacy.Problems(plan.Clients).ToList();
        if (plan.ClipNorm is null)
            problems.Add($"Privacy needs a norm that no update exceeds, and the uplink '{plan.Uplink}' has none: write "
                + $"'{CodecRules.Clipped(plan.Uplink)}'.");
        if (plan.SampleCap is not null)
            problems.Add("With privacy all updates weigh the same, since how many samples a client has would tell of it: leave "
                + "the sample cap out.");
        if (!plan.Method.TakesNoise)
            problems.Add($"The noise of privacy is for updates alone, and '{plan.Method}' sends, keeps or shows more of a "
                + "client: train by 'averaging' or 'fedcm', or exchange 'adapters' or 'powersgd'.");
        else if (privacy.Matrix is { } correlated && !plan.Method.TakesCorrelatedNoise)
            problems.Add($"The noise of '{correlated}' takes back that of earlier rounds, and what a value of a message is of changes "
                + $"with the rounds by '{plan.Method}': let the mechanism be gaussian, or train by 'averaging'.");
        if (privacy.Clip is { } clip)
        {
            string other = privacy.IsAtClients ? "take 'secure' out of the uplink" : "the mechanism gaussian";
            problems.AddRange(privacy.IsAtClients || privacy.Matrix is not null
                ? [$"'{clip}' needs a sum of bits with noise that is drawn anew each round, by the server: let the clip be "
                    + $"'{AdaptiveClip.Fixed}', or {other}."]
                : clip.Problems(privacy.Noise, plan.Participants));
        }

        if (privacy.Matrix is { } matrix)
            problems.AddRange(privacy.IsAtClients
                ? [MatrixMechanism.MisfitToClientNoise(matrix)]
                : [.. matrix.Problems(plan.Rounds), .. TooNear(plan, matrix.Separation)]);
        return problems;
    }

    static IEnumerable<string> TooNear(FederationPlan plan, int separation)
    {
        if (plan.Fixed is { } lists)
            return TooNear(lists, plan.Rounds, separation);
        // Every round but the last of so many may have taken in as many as it asked.
        int most = plan.MostContributors, rounds = Math.Min(separation, plan.Rounds);
        long needed = (rounds - 1L) * most + plan.Quorum;
        return separation < 1 || needed <= plan.Clients ? []
            : [$"Where a client is in one of {separation} rounds at most, {separation} rounds of up to {most} updates each need "
                + $"{needed} clients, and there are {plan.Clients}: let the separation be "
                + $"{1 + (plan.Clients - plan.Quorum) / most} or less, or fewer clients take part in a round."];
    }

    static IEnumerable<string> TooNear(IReadOnlyList<int[]> lists, int rounds, int separation)
    {
        var last = new Dictionary<int, int>();
        for (int round = 1; round <= Math.Min(rounds, lists.Count); round++)
        {
            foreach (int client in lists[round - 1])
            {
                if (last.TryGetValue(client, out int before) && round - before < separation)
                {
                    yield return $"The participants of each round are fixed, and client {client} is to take part in rounds "
                        + $"{before} and {round}, which is nearer than {separation} rounds: let the separation be "
                        + $"{round - before} or less, or the partition name no participants.";
                    yield break;
                }

                last[client] = round;
            }
        }
    }
}

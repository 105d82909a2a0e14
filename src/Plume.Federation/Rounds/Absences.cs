using System.Collections.Immutable;
using Plume.Federation.Selection;

namespace Plume.Federation.Rounds;

/// <summary>
/// Members that take work and do not do it are asked less, so that not every round waits for them to its deadline: after the
/// first miss one round goes by without them, after each further one twice as many, and after an update that counts none.
/// </summary>
static class Absences
{
    const int LongestRest = 64;

    /// <summary>The state when a round closed at its deadline: whoever was asked and did not answer has missed it.</summary>
    public static FederationState Missed(FederationState state)
    {
        foreach (int client in state.Standings.Where(entry => entry.Value == Standing.Asked).Select(entry => entry.Key).ToList())
            state = Missed(state, client);
        return state;
    }

    /// <summary>The state when one that was asked, and has not answered, has missed its deadline.</summary>
    public static FederationState Missed(FederationState state, int client)
    {
        if (state.Phase != Phase.Collecting || state.Standings.GetValueOrDefault(client, Standing.Out) != Standing.Asked)
            return state;
        var before = state.Absences.GetValueOrDefault(client, new Absence(0, 0));
        int missed = before.Missed + 1;
        return state with
        {
            Absences = state.Absences.SetItem(client,
                before with { Missed = missed, Rest = missed > 6 ? LongestRest : 1 << (missed - 1) }),
        };
    }

    /// <summary>The state when nobody has a number any more.</summary>
    public static FederationState Vacated(FederationState state, PlaceVacated vacated) =>
        state.Absences.TryGetValue(vacated.Client, out var absence)
        ? state with
        {
            Absences = vacated.Forgives ? state.Absences.Remove(vacated.Client)
        : state.Absences.SetItem(vacated.Client, absence with { Before = absence.Missed })
        }
        : state;

    /// <summary>Whom the next round may ask: all members where nobody rests, or where too few others are left.</summary>
    public static ImmutableSortedSet<int> Candidates(FederationState state, int fewest)
    {
        var rested = state.Members.Except(state.Absences.Where(entry => entry.Value.Rest > 0).Select(entry => entry.Key));
        return rested.Count < fewest ? state.Members : rested;
    }

    /// <summary>The rests when one more round goes by.</summary>
    public static ImmutableSortedDictionary<int, Absence> Shorter(ImmutableSortedDictionary<int, Absence> absences) =>
        absences.SetItems(absences.Where(entry => entry.Value.Rest > 0)
            .Select(entry => KeyValuePair.Create(entry.Key, entry.Value with { Rest = entry.Value.Rest - 1 })));
}

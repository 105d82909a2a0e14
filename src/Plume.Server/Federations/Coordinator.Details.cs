using Plume.Federation.Rounds;
using Plume.Server.Federations.News;

namespace Plume.Server.Federations;

/// <summary>What those see who look on.</summary>
sealed partial class Coordinator
{
    /// <summary>Everything that a page shows, also while a write that cannot be made holds everything up.</summary>
    /// <param name="since">Only rounds after this one are told.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public async Task<FederationDetails> DetailsAsync(int since, CancellationToken cancellation)
    {
        var overview = await OverviewAsync(since, cancellation).ConfigureAwait(false);
        using var mine = await written.TurnAsync(LongestTurn, cancellation).ConfigureAwait(false);
        var state = written.State;
        return new FederationDetails(overview, history.PointsSince(since),
            [.. state.Standings.Select(entry => ParticipantOf(state, entry.Key, entry.Value))],
            [.. places.Names.Select(place => ClientOf(state, place.Key, place.Value))]);
    }

    ParticipantDetail ParticipantOf(FederationState state, int client, Standing standing)
    {
        var part = state.PartOf(client);
        return new ParticipantDetail(client, part.Round, part.Attempt, standing,
            standing == Standing.Out ? written.Books.OutcomeOf(part)?.Problem : null);
    }

    ClientDetail ClientOf(FederationState state, int client, string name)
    {
        var record = history.RecordOf(client);
        return new ClientDetail(client, name, state.Members.Contains(client), state.Absences.GetValueOrDefault(client)?.Own ?? 0,
            attendance.SilenceOf(client), record.Counted, record.Refused, record.Bytes);
    }
}

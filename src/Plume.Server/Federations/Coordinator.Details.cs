using Plume.Federation.Books;
using Plume.Federation.Rounds;
using Plume.Server.Federations.News;

namespace Plume.Server.Federations;

/// <summary>What those see who look on.</summary>
sealed partial class Coordinator
{
    readonly TensorSizes sizes;

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
            [.. places.Names.Select(place => ClientOf(state, place.Key, place.Value))])
        {
            Happenings = chronicle.All,
            Tensors = sizes.All,
        };
    }

    /// <summary>Notes what an operator did that is no part of the ledger.</summary>
    public void Note(string sentence) => chronicle.Note(written.Now, sentence, isTrouble: false);

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
            attendance.SilenceOf(client), record.Counted, record.Refused, record.Bytes, record.Samples);
    }

    // Whom a round waits for that has not enough clients.
    AbsentClient[] AbsentIn(FederationState state) => [.. places.Names
        .Where(place => !state.Members.Contains(place.Key))
        .Select(place => new AbsentClient(place.Value, attendance.RestsUntil(place.Key)))];

    void Commit(RoundMetrics round)
    {
        chronicle.Closed(written.Now, round);
        sizes.Arrived(aggregator.TensorBits);
        Announce();
    }
}

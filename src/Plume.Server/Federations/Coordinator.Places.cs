using Microsoft.Extensions.Logging;
using Plume.Federation.Rounds;
using Plume.Server.Federations.News;
using Plume.Server.Federations.Records;

namespace Plume.Server.Federations;

/// <summary>What happens to clients' places.</summary>
sealed partial class Coordinator
{
    /// <summary>
    /// A participant cannot do its task, or took it and is gone or late. It rests for as long as others may be silent, or until
    /// it joins anew, so that rounds go on without it.
    /// </summary>
    public async Task ReportAsync(int client, int round, int attempt, string problem, bool isMissed,
        CancellationToken cancellation)
    {
        if (!IsAsked())
            return;
        LogGaveUp(logger, definition.Name, client, round, problem);
        chronicle.GaveUp(written.Now, client, round, problem);
        attendance.Rest(client);
        await written.HappenAsync(now => IsAsked() && written.State.Members.Contains(client) ? new WentAway(now, client)
            : null, cancellation).ConfigureAwait(false);
        await written.HappenAsync(now => IsAsked() ? new GaveUp(now, client, problem, isMissed) : null, cancellation)
            .ConfigureAwait(false);

        bool IsAsked() => places.Has(client) && written.Books.PartOf(client) == new RoundPart(round, attempt, client)
            && written.State.Standings.ContainsKey(client);
    }

    /// <summary>
    /// Takes the place from a client: it is free from now on, for that client as for others. An update of it that counts stays.
    /// </summary>
    /// <returns>The place's number; null where the client has none.</returns>
    public async Task<int?> GiveBackAsync(string name, string by, CancellationToken cancellation)
    {
        int? number = null;
        await written.HappenAsync(now => (number = places.NumberOf(name)) is { } own
            ? new PlaceGivenBack(now, own, $"Operator {by} took it back.", Forgives: true)
            : null, cancellation).ConfigureAwait(false);
        return number;
    }

    /// <summary>Who has a place, and whether it is there.</summary>
    public async Task<IReadOnlyList<PlaceHolder>> PlacesAsync(CancellationToken cancellation)
    {
        using var mine = await written.TurnAsync(cancellation).ConfigureAwait(false);
        return [.. places.Names.Select(place =>
            new PlaceHolder(place.Key, place.Value, written.State.Members.Contains(place.Key),
                written.State.Absences.GetValueOrDefault(place.Key)?.Own ?? 0))];
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Federation}: client {Client} cannot do its part in round {Round}: {Problem}")]
    static partial void LogGaveUp(ILogger logger, string federation, int client, int round, string problem);
}

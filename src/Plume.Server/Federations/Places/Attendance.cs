using System.Collections.Concurrent;
using Plume.Federation.Books;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Writing;

namespace Plume.Server.Federations.Places;

/// <summary>
/// When each client was heard of last, who rests since it could not do its task, and who is away for so long that its place is of
/// no use.
/// </summary>
sealed class Attendance(FederationDefinition definition, TimeProvider time) : IFollower
{
    // A client that nobody invited, and that takes work so often without doing it, loses its place.
    const int MostMissed = 3;

    readonly ConcurrentDictionary<int, DateTimeOffset> seen = [];

    // Until when rounds do not ask clients that could not do their task.
    readonly ConcurrentDictionary<int, DateTimeOffset> resting = [];

    /// <summary>A client is heard of.</summary>
    public void See(int client) => seen[client] = time.GetUtcNow();

    /// <summary>A client could not do its task: it rests for as long as others may be silent.</summary>
    public void Rest(int client) => resting[client] = time.GetUtcNow() + definition.Away;

    /// <summary>A client joins anew and rests no longer.</summary>
    public void Rouse(int client) => resting.TryRemove(client, out _);

    /// <summary>Whether it rests.</summary>
    public bool IsResting(int client) => resting.TryGetValue(client, out var until) && time.GetUtcNow() < until;

    /// <summary>Until when it rests; null where it does not.</summary>
    public DateTimeOffset? RestsUntil(int client) =>
        resting.TryGetValue(client, out var until) && time.GetUtcNow() < until ? until : null;

    /// <summary>Whether it was not heard of for so long that rounds no longer ask it.</summary>
    public bool IsSilent(int client) => seen.TryGetValue(client, out var last) && last < time.GetUtcNow() - definition.Away;

    /// <summary>Time since a client was heard of; null where that was before this server had the federation.</summary>
    public TimeSpan? SilenceOf(int client) => seen.TryGetValue(client, out var last) ? time.GetUtcNow() - last : null;

    /// <summary>Why the place of a client that nobody invited is taken back; null where it keeps it.</summary>
    public string? WhyUnused(int client, FederationState state)
    {
        if (state.HasEnded)
            return null;
        if (state.Absences.TryGetValue(client, out var absence) && absence.Own >= MostMissed)
            return $"Nobody invited it, and it let {absence.Own} deadlines in a row pass.";
        var longest = definition.Away + definition.UnusedPlaceAtLeast;
        bool isGone = !state.Members.Contains(client) && seen.TryGetValue(client, out var last)
            && last < time.GetUtcNow() - longest;
        return isGone ? $"Nobody invited it, and it was not heard of for {longest}." : null;
    }

    /// <inheritdoc/>
    public void Follow(LedgerEvent? happened, BooksEntry entry)
    {
        if (happened is not PlaceGivenBack place)
            return;
        seen.TryRemove(place.Client, out _);
        resting.TryRemove(place.Client, out _);
    }
}

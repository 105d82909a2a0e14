using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Plume.Federation.Capacities;
using Plume.Server.Identity;

namespace Plume.Server.Federations;

// Who has which place: how it is taken, and how it becomes free again.
partial class Coordinator
{
    // A client that nobody invited, and that takes work so often without doing it, loses its place.
    const int MostMissed = 3;

    readonly ConcurrentDictionary<string, int> numbers = new(StringComparer.Ordinal);

    // Places that were taken since the newest version, and those that were given back, which have no name.
    readonly Dictionary<int, string> entered = [];

    // Who was asked in the round at hand and then lost its place: whoever has it by now is asked from the next round on.
    readonly HashSet<int> vacated = [];

    // Below it no place is free.
    int firstFree;
    bool isVacated;

    /// <summary>The clients' names and numbers.</summary>
    public ImmutableSortedDictionary<int, string> Places { get; private set; } = ImmutableSortedDictionary<int, string>.Empty;

    /// <summary>Gives a client its place: the one it has, the one it asks for, or the first that is free.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="wanted">The place that it asks for; null for any.</param>
    /// <param name="kept">Places that are not for clients that nobody invited.</param>
    /// <param name="capacity">The largest capacity that it can have; null for any.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Its number, or why it has none.</returns>
    public async Task<(int Number, string? Problem)> JoinAsync(string name, int? wanted, int kept, int? capacity, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (numbers.TryGetValue(name, out int own))
            {
                if (!Fits(own, capacity))
                    return (own, $"Client '{name}' has place {own}, of capacity {CapacityOf(own)}, above the {definition.Plan.Method.Capacities[capacity!.Value]} that it can have by now. An operator can give that place back; then it gets another.");
                if (wanted is { } other && other != own)
                    return (own, $"Client '{name}' has place {own} in the federation and cannot have {other}.");
                resting.TryRemove(own, out _);
                seen[own] = time.GetUtcNow();
                await HeardAsync(own).ConfigureAwait(false);
                return (own, null);
            }

            int places = definition.Plan.Clients;
            if (wanted is { } number && (number < 0 || number >= places || Places.ContainsKey(number)))
                return (-1, $"Place {number} is {(number < 0 || number >= places ? $"not one of the federation's 0 to {places - 1}" : $"taken by '{Places[number]}'")}; join without a number to get one that is free.");
            if (IsUninvited(name) && numbers.Keys.Count(IsUninvited) >= places - kept)
                return (-1, $"All places for clients without an invitation are taken: {Math.Min(kept, places)} of the federation's {places} are kept for those that were invited.");
            if (wanted is { } place && !Fits(place, capacity))
                return (-1, $"Place {place} is of capacity {CapacityOf(place)}, above the {definition.Plan.Method.Capacities[capacity!.Value]} that the client can have; join without a number to get one that it can.");
            int free = wanted ?? FirstFree(capacity);
            if (free >= places && capacity > 0)
                return (-1, $"All places of capacity {definition.Plan.Method.Capacities[capacity.Value]} or less are taken, of the federation's {places}; its operator can give one back.");
            if (free >= places)
                return (-1, $"All {places} places of the federation are taken; its operator can give one back.");
            seen[free] = time.GetUtcNow();
            await HappenAsync(new PlaceTaken(time.GetUtcNow(), free, name)).ConfigureAwait(false);
            return (free, null);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The place of a name; null where it has none.</summary>
    public int? NumberOf(string name) => numbers.TryGetValue(name, out int number) ? number : null;

    /// <summary>Who has a place, and whether it is there.</summary>
    public async Task<IReadOnlyList<PlaceHolder>> PlacesAsync(CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return [.. Places.Select(place => new PlaceHolder(place.Key, place.Value, State.Members.Contains(place.Key), State.Absences.GetValueOrDefault(place.Key)?.Own ?? 0))];
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Takes the place from a client: it is free from now on, for that client as for others. An update of it that counts stays.</summary>
    /// <returns>The place's number; null where the client has none.</returns>
    public async Task<int?> GiveBackAsync(string name, CancellationToken cancellation)
    {
        int? number = null;
        await TellAsync(
            now =>
            {
                number = NumberOf(name);
                return number is { } own ? new PlaceGivenBack(now, own, "An operator gave it back.", Forgives: true) : null;
            },
            cancellation).ConfigureAwait(false);
        return number;
    }

    // Clients that nobody invited hold places for others to have: who is gone for long, or takes work and does none, loses its own.
    async Task ReclaimAsync(CancellationToken cancellation)
    {
        // What a client has spent of a privacy budget stays with its place, so it cannot come again to another.
        if (definition.Plan.Privacy is not null)
            return;
        foreach (var (client, name) in Places)
        {
            if (IsUninvited(name) && WhyUnused(client) is not null)
                await TellAsync(now => Places.GetValueOrDefault(client) == name && WhyUnused(client) is { } why ? new PlaceGivenBack(now, client, why, Forgives: false) : null, cancellation).ConfigureAwait(false);
        }
    }

    string? WhyUnused(int client)
    {
        if (State.HasEnded)
            return null;
        if (State.Absences.TryGetValue(client, out var absence) && absence.Own >= MostMissed)
            return $"Nobody invited it, and it let {absence.Own} deadlines in a row pass.";
        var longest = definition.Away + definition.UnusedPlaceAtLeast;
        bool isGone = !State.Members.Contains(client) && seen.TryGetValue(client, out var last) && last < time.GetUtcNow() - longest;
        return isGone ? $"Nobody invited it, and it was not heard of for {longest}." : null;
    }

    static bool IsUninvited(string name) => name.StartsWith(ClientName.Uninvited, StringComparison.Ordinal);

    // Of a capacity, or where none of it is free, of the next smaller.
    int FirstFree(int? capacity)
    {
        while (Places.ContainsKey(firstFree))
            firstFree++;
        var method = definition.Plan.Method;
        return capacity is null || method.Capacities.Count == 1
            ? firstFree
            : Enumerable.Range(firstFree, Math.Max(0, definition.Plan.Clients - firstFree)).Where(place => !Places.ContainsKey(place) && Fits(place, capacity))
                .DefaultIfEmpty(definition.Plan.Clients).MinBy(place => place < definition.Plan.Clients ? method.CapacityOf(place) : int.MaxValue);
    }

    bool Fits(int place, int? capacity) => capacity is null || definition.Plan.Method.CapacityOf(place) >= capacity;

    Capacity CapacityOf(int place) => definition.Plan.Method.Capacities[definition.Plan.Method.CapacityOf(place)];

    void Take(PlaceTaken place)
    {
        Places = Places.SetItem(place.Client, place.Name);
        numbers[place.Name] = place.Client;
        entered[place.Client] = place.Name;
    }

    void GiveBack(PlaceGivenBack place)
    {
        if (!Places.TryGetValue(place.Client, out string? name))
            throw new InvalidOperationException($"Place {place.Client} is given back, but nobody has it.");
        Places = Places.Remove(place.Client);
        numbers.TryRemove(name, out _);
        entered[place.Client] = "";
        vacated.Add(place.Client);
        seen.TryRemove(place.Client, out _);
        resting.TryRemove(place.Client, out _);
        firstFree = Math.Min(firstFree, place.Client);
        isVacated = true;
        LogGivenBack(logger, definition.Name, place.Client, name, place.Why);
    }

    // Of the records of all versions: a place without a name was given back.
    void RestorePlaces(IEnumerable<VersionRecord> records)
    {
        var places = Places.ToBuilder();
        foreach (var (client, name) in records.SelectMany(record => record.Places))
        {
            if (name.Length == 0)
                places.Remove(client);
            else
                places[client] = name;
        }

        Places = places.ToImmutable();
        foreach (var (client, name) in Places)
            numbers[name] = client;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Federation}: place {Client} of '{Name}' is free again. {Why}")]
    static partial void LogGivenBack(ILogger logger, string federation, int client, string name, string why);
}

using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Plume.Federation.Books;
using Plume.Federation.Capacities;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Writing;
using Plume.Server.Identity;

namespace Plume.Server.Federations.Places;

/// <summary>Who has which place: how one is found for a client, and which are free again.</summary>
sealed partial class PlaceBook(string federation, FederationPlan plan, ILogger logger) : IFollower
{
    readonly ConcurrentDictionary<string, int> numbers = new(StringComparer.Ordinal);

    // Places that were taken since the newest version, and those that were given back, which have no name.
    readonly Dictionary<int, string> entered = [];

    // Who was asked in the round at hand and then lost its place: whoever has it by now is asked from the next round on.
    readonly HashSet<int> vacated = [];

    // Below it no place is free.
    int firstFree;

    /// <summary>The clients' names, by number.</summary>
    public ImmutableSortedDictionary<int, string> Names { get; private set; } = ImmutableSortedDictionary<int, string>.Empty;

    /// <summary>
    /// What a version's record has of places: those taken since the version before, and without a name those given back.
    /// </summary>
    public IReadOnlyDictionary<int, string> Entered => new Dictionary<int, string>(entered);

    /// <summary>Who was asked in the round at hand and has its place no longer.</summary>
    public IReadOnlyCollection<int> Vacated => vacated;

    /// <summary>Goes up whenever a place is given back.</summary>
    public int GivenBack { get; private set; }

    /// <summary>Whether somebody has a place.</summary>
    public bool Has(int client) => Names.ContainsKey(client);

    /// <summary>The place of a name; null where it has none.</summary>
    public int? NumberOf(string name) => numbers.TryGetValue(name, out int number) ? number : null;

    /// <summary>Whether a client of that name came without an invitation.</summary>
    public static bool IsUninvited(string name) => name.StartsWith(ClientName.Uninvited, StringComparison.Ordinal);

    /// <summary>Finds a client its place: the one it has, the one it asks for, or the first that is free.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="wanted">The place that it asks for; null for any.</param>
    /// <param name="kept">Places that are not for clients that nobody invited.</param>
    /// <param name="capacity">The largest capacity that it can have; null for any.</param>
    /// <returns>The number, and why the client cannot have it.</returns>
    public (int Number, string? Problem) Find(string name, int? wanted, int kept, int? capacity)
    {
        if (NumberOf(name) is { } own)
            return (own, WhyNotOwn(name, own, wanted, capacity));
        if (WhyNone(name, wanted, kept, capacity) is { } problem)
            return (-1, problem);
        int free = wanted ?? FirstFree(capacity);
        return free < plan.Clients ? (free, null) : (-1, capacity > 0
            ? $"All places of capacity {plan.Method.Capacities[capacity.Value]} or less are taken, of the federation's "
                + $"{plan.Clients}; its operator can give one back."
            : $"All {plan.Clients} places of the federation are taken; its operator can give one back.");
    }

    /// <inheritdoc/>
    public void Follow(LedgerEvent? happened, BooksEntry entry)
    {
        switch (happened)
        {
            case PlaceTaken place:
                Take(place);
                break;
            case PlaceGivenBack place:
                GiveBack(place);
                break;
            case null:
                entered.Clear();
                break;
        }

        if (entry.Opens)
            vacated.Clear();
    }

    /// <summary>Goes on from the records of all versions: a place without a name was given back.</summary>
    public void Restore(IEnumerable<VersionRecord> records)
    {
        var places = Names.ToBuilder();
        foreach (var (client, name) in records.SelectMany(record => record.Places))
        {
            if (name.Length == 0)
                places.Remove(client);
            else
                places[client] = name;
        }

        Names = places.ToImmutable();
        foreach (var (client, name) in Names)
            numbers[name] = client;
    }

    string? WhyNotOwn(string name, int own, int? wanted, int? capacity)
    {
        if (!Fits(own, capacity))
            return $"Client '{name}' has place {own}, of capacity {CapacityOf(own)}, above the "
                + $"{plan.Method.Capacities[capacity!.Value]} that it can have by now. An operator can give that place back; "
                + $"then it gets another.";
        return wanted is { } other && other != own ? $"Client '{name}' has place {own} in the federation and cannot have {other}."
            : null;
    }

    string? WhyNone(string name, int? wanted, int kept, int? capacity)
    {
        int places = plan.Clients;
        if (wanted is { } number && (number < 0 || number >= places || Has(number)))
            return $"Place {number} is "
                + $"{(number < 0 || number >= places ? $"not one of the federation's 0 to {places - 1}" : $"taken by '{Names[number]}'")}; join without a number to get one that is free.";
        if (IsUninvited(name) && numbers.Keys.Count(IsUninvited) >= places - kept)
            return $"All places for clients without an invitation are taken: {Math.Min(kept, places)} of the federation's "
                + $"{places} are kept for those that were invited.";
        return wanted is { } place && !Fits(place, capacity)
            ? $"Place {place} is of capacity {CapacityOf(place)}, above the {plan.Method.Capacities[capacity!.Value]} that the "
                + $"client can have; join without a number to get one that it can."
            : null;
    }

    // Of a capacity, or where none of it is free, of the next smaller.
    int FirstFree(int? capacity)
    {
        while (Has(firstFree))
            firstFree++;
        return capacity is null || plan.Method.Capacities.Count == 1
            ? firstFree
            : Enumerable.Range(firstFree, Math.Max(0, plan.Clients - firstFree))
                .Where(place => !Has(place) && Fits(place, capacity))
                .DefaultIfEmpty(plan.Clients).MinBy(place => place < plan.Clients ? plan.Method.CapacityOf(place) : int.MaxValue);
    }

    bool Fits(int place, int? capacity) => capacity is null || plan.Method.CapacityOf(place) >= capacity;

    Capacity CapacityOf(int place) => plan.Method.Capacities[plan.Method.CapacityOf(place)];

    void Take(PlaceTaken place)
    {
        Names = Names.SetItem(place.Client, place.Name);
        numbers[place.Name] = place.Client;
        entered[place.Client] = place.Name;
    }

    void GiveBack(PlaceGivenBack place)
    {
        if (!Names.TryGetValue(place.Client, out string? name))
            throw new InvalidOperationException($"Place {place.Client} is given back, but nobody has it.");
        Names = Names.Remove(place.Client);
        numbers.TryRemove(name, out _);
        entered[place.Client] = "";
        vacated.Add(place.Client);
        firstFree = Math.Min(firstFree, place.Client);
        GivenBack++;
        LogGivenBack(logger, federation, place.Client, name, place.Why);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Federation}: place {Client} of '{Name}' is free again. {Why}")]
    static partial void LogGivenBack(ILogger logger, string federation, int client, string name, string why);
}

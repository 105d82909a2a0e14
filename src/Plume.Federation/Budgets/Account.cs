using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Plume.Federation.Budgets;

/// <summary>What one client has cost of a budget of bytes, and what it holds.</summary>
/// <param name="Version">The version that it is known to hold; null where it holds none.</param>
/// <param name="At">Bytes of all versions' payloads up to that one.</param>
public sealed record Account(int? Version, long At)
{
    /// <summary>
    /// Bytes by the day of the clock on which they were reserved; of a budget that knows no month all of day 0.
    /// </summary>
    public ImmutableSortedDictionary<int, long> Days { get; init; } = ImmutableSortedDictionary<int, long>.Empty;

    /// <summary>What the round at hand asked for; null where it did not ask.</summary>
    public AskedBytes? Asked { get; init; }

    /// <summary>Bytes that count.</summary>
    [JsonIgnore]
    public long Spent => Days.Values.Sum();

    /// <summary>The same with so many more on a day, or fewer.</summary>
    public Account Charge(int day, long bytes) => bytes == 0 ? this
        : this with { Days = Days.SetItem(day, Days.GetValueOrDefault(day) + bytes) };
}

/// <summary>What a client's part in a round may cost: reserved before it is asked.</summary>
/// <param name="From">The version that it held; null where none.</param>
/// <param name="Download">Most bytes that lead it to the newest.</param>
/// <param name="Upload">Most bytes that its update may have; 0 once that has come.</param>
/// <param name="Day">The day that it counts for.</param>
public sealed record AskedBytes(int? From, long Download, long Upload, int Day);

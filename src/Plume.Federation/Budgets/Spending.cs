using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Plume.Federation.Budgets;

/// <summary>Where a federation stands with its budget of bytes: a value, kept with its state.</summary>
public sealed record Spending
{
    // Where none of several versions has been seen.
    const double FirstFurtherShare = 0.25;

    /// <summary>Nothing was spent, and nobody holds a version.</summary>
    public static Spending Nothing { get; } = new();

    /// <summary>What each client has cost; of one that was never there, nothing.</summary>
    public ImmutableSortedDictionary<int, Account> Accounts { get; init; } = ImmutableSortedDictionary<int, Account>.Empty;

    /// <summary>Bytes of all versions' payloads.</summary>
    public long Published { get; init; }

    /// <summary>How hard the budget presses on the steps of <c>auto</c>, in sixteenths of an octave of the downlink's.</summary>
    public int Pressure { get; init; }

    /// <summary>The step of the next version; null before the first, and where the downlink has no <c>auto</c>.</summary>
    public float? ModelStep { get; init; }

    /// <summary>Bytes that lead to the newest version from others, by version, where they are known.</summary>
    public ImmutableSortedDictionary<int, long> CatchUps { get; init; } = ImmutableSortedDictionary<int, long>.Empty;

    /// <summary>What each version after the first adds to a catch-up, of its own payload.</summary>
    public double FurtherShare { get; init; } = FirstFurtherShare;

    /// <summary>Bytes of the updates that have come in the round at hand.</summary>
    public long Sent { get; init; }

    /// <summary>How many they are.</summary>
    public int Answers { get; init; }

    /// <summary>Bytes of the largest of them.</summary>
    public long Largest { get; init; }

    /// <summary>The mean size of the updates of the last round that had any; 0 before the first.</summary>
    public double MeanUpload { get; init; }

    /// <summary>Bytes of the largest of those.</summary>
    public long LargestUpload { get; init; }

    /// <summary>Clients of the round at hand that were drawn and not asked, since the budget does not pay for them.</summary>
    public int NotAsked { get; init; }

    /// <summary>Bytes of an update of the next round, as those of the last rounds say; 0 before the first.</summary>
    public double NextUpload { get; init; }

    /// <summary>The same of a version's payload.</summary>
    public double NextPayload { get; init; }

    /// <summary>When the first round opened; null before.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>
    /// After how many rounds the federation has ended, since its budget pays for no further one; null where it has not.
    /// </summary>
    public int? EndedAfter { get; init; }

    /// <summary>Bytes that count, of all clients.</summary>
    [JsonIgnore]
    public long Total => Accounts.Values.Sum(account => account.Spent);

    /// <summary>A client's account.</summary>
    public Account Of(int client) => Accounts.GetValueOrDefault(client, Unknown);

    /// <summary>Most bytes that an update of the round at hand may have; null where nothing bounds it.</summary>
    public long? MostUploadOf(int client) => Of(client).Asked?.Upload;

    /// <summary>As it was before the round at hand asked anybody, of which nobody has answered.</summary>
    public Spending Unasked() => this with
    {
        NotAsked = 0,
        Accounts = Accounts.SetItems(Accounts.Where(entry => entry.Value.Asked is not null)
            .Select(entry => KeyValuePair.Create(entry.Key, Unasked(entry.Value)))),
    };

    static Account Unknown { get; } = new(null, 0);

    static Account Unasked(Account account) =>
        account.Charge(account.Asked!.Day, -account.Asked.Download - account.Asked.Upload) with { Asked = null };
}

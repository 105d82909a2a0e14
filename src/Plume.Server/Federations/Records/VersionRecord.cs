using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Serialization;
using Plume.Federation.Books;
using Plume.Federation.Rounds;

namespace Plume.Server.Federations.Records;

/// <summary>
/// What the ledger keeps of a version for good: what came of its round's updates, and what it takes to give the version to
/// clients.
/// </summary>
/// <param name="Length">Bytes of its payload; 0 for version 0.</param>
/// <param name="Hash">XXH64 of it.</param>
/// <param name="Round">What the round did; null for version 0.</param>
/// <param name="Places">Places that were taken since the version before, by number; without a name, those that were given
/// back.</param>
/// <param name="Updates">The updates that were answered in the round, those of earlier attempts among them.</param>
sealed record VersionRecord(long Length, ulong Hash, RoundMetrics? Round, IReadOnlyDictionary<int, string> Places,
    IReadOnlyList<SettledUpdate> Updates)
{
    /// <summary>Its payloads for clients of smaller capacities; null where there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PayloadMark>? Smaller { get; init; }

    /// <summary>The secure sum that it was made of; null where it was made of updates.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KeptSum? Sum { get; init; }

    /// <summary>The payloads for clients of each capacity, the largest first.</summary>
    [JsonIgnore]
    public IEnumerable<PayloadMark> Payloads => [new PayloadMark(Length, Hash), .. Smaller ?? []];

    /// <summary>Of version 0 before anybody came.</summary>
    public static VersionRecord First { get; } = new(0, 0, null, new Dictionary<int, string>(), []);

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, LedgerJson.Default.VersionRecord);

    /// <exception cref="InvalidDataException">The bytes are not a record of this version of the program.</exception>
    public static VersionRecord FromBytes(byte[] bytes) =>
        LedgerJson.Read(bytes, LedgerJson.Default.VersionRecord, "The record of a version");
}

/// <summary>What tells a payload from another.</summary>
/// <param name="Length">Its bytes.</param>
/// <param name="Hash">XXH64 of it.</param>
sealed record PayloadMark(long Length, ulong Hash)
{
    public static PayloadMark Of(byte[] payload) => new(payload.Length, XxHash64.HashToUInt64(payload));
}

/// <summary>An update that was answered, in as few words as it takes to answer it again and to add it up again.</summary>
sealed record SettledUpdate(
    [property: JsonPropertyName("c")] int Client,
    [property: JsonPropertyName("a")] int Attempt,
    [property: JsonPropertyName("s")] int Samples,
    [property: JsonPropertyName("l")] long Length,
    [property: JsonPropertyName("h")] string Sha256,
    [property: JsonPropertyName("f"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool IsFloats,
    [property: JsonPropertyName("p"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Problem)
{
    /// <summary>The round that asked for it, where that is an earlier one than took it in.</summary>
    [JsonPropertyName("r"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Round { get; init; }

    /// <summary>The version that it was made from, where that is not the one before the round's.</summary>
    [JsonPropertyName("v"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Version { get; init; }

    /// <summary>What a version's record has of an update.</summary>
    /// <param name="round">The round that took it in.</param>
    /// <param name="update">The update.</param>
    /// <param name="outcome">What became of it.</param>
    public static SettledUpdate Of(int round, ArrivedUpdate update, UploadOutcome outcome) =>
        new(update.Client, update.Attempt, update.Samples, update.Length, update.Sha256, update.IsFloats, outcome.IsCounted ? null
            : outcome.Message)
        {
            Round = update.Round == round ? null : update.Round,
            Version = update.ModelVersion == round - 1 ? null : update.ModelVersion,
        };

    /// <summary>Of an update that was added up in secret, of which nothing is known but that it counts.</summary>
    public static SettledUpdate InSecret(RoundPart part) => new(part.Client, part.Attempt, 0, 0, "", false, null);

    /// <summary>The update; its loss is in the round's mean.</summary>
    public ArrivedUpdate In(int round) =>
        new(Client, Round ?? round, Attempt, Version ?? round - 1, Samples, double.NaN, Length, Sha256, IsFloats);

    [JsonIgnore]
    public bool IsCounted => Problem is null;

    public UploadOutcome OutcomeIn(int round, FederationPlan plan) => Problem is null ? UploadOutcome.CountedOf(In(round), plan)
        : new UploadOutcome(false, nameof(Refusal.Invalid), Problem);
}

using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Plume.Federation.Books;
using Plume.Federation.Rounds;

namespace Plume.Server.Federations.Records;

/// <summary>
/// Something that happened, as the ledger keeps it: with it and all before it the federation's state is made again.
/// </summary>
/// <param name="At">The server's time.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(PlaceTaken), "place")]
[JsonDerivedType(typeof(PlaceGivenBack), "given-back")]
[JsonDerivedType(typeof(CameBack), "back")]
[JsonDerivedType(typeof(WentAway), "away")]
[JsonDerivedType(typeof(Arrived), "arrived")]
[JsonDerivedType(typeof(WasAdded), "added")]
[JsonDerivedType(typeof(WasInvalid), "invalid")]
[JsonDerivedType(typeof(GaveUp), "gave-up")]
[JsonDerivedType(typeof(DeadlinePassed), "deadline")]
[JsonDerivedType(typeof(SumWasClosed), "sum-closed")]
[JsonDerivedType(typeof(SumWasRevealed), "sum-revealed")]
[JsonDerivedType(typeof(SumWasLost), "sum-lost")]
[JsonDerivedType(typeof(WasPaused), "paused")]
[JsonDerivedType(typeof(WasResumed), "resumed")]
[JsonDerivedType(typeof(WasStopped), "stopped")]
[JsonDerivedType(typeof(WasExtended), "extended")]
abstract record LedgerEvent(DateTimeOffset At)
{
    /// <summary>What the rules are told.</summary>
    public abstract FederationEvent ToFederation();

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, LedgerJson.Default.LedgerEvent);

    /// <exception cref="InvalidDataException">The bytes are not an event of this version of the program.</exception>
    public static LedgerEvent FromBytes(byte[] bytes) =>
        LedgerJson.Read(bytes, LedgerJson.Default.LedgerEvent, "An event in the ledger");
}

/// <summary>A client took a place under its name.</summary>
sealed record PlaceTaken(DateTimeOffset At, int Client, string Name) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new ClientJoined(Client);
}

/// <summary>A client has its place no longer.</summary>
/// <param name="At">The server's time.</param>
/// <param name="Client">Which place.</param>
/// <param name="Why">In a sentence.</param>
/// <param name="Forgives">Whether deadlines that it let pass are forgotten with it.</param>
sealed record PlaceGivenBack(DateTimeOffset At, int Client, string Why, bool Forgives) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new PlaceVacated(Client, Forgives);
}

/// <summary>A client that was away was heard of.</summary>
sealed record CameBack(DateTimeOffset At, int Client) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new ClientJoined(Client);
}

/// <summary>A client was not heard of for long.</summary>
sealed record WentAway(DateTimeOffset At, int Client) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new ClientLeft(Client);
}

/// <summary>An update is durable under its name among the blobs.</summary>
sealed record Arrived(DateTimeOffset At, ArrivedUpdate Update) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => Update.ToFederation();
}

/// <summary>It was decoded and is in the sum.</summary>
sealed record WasAdded(DateTimeOffset At, int Client, double Norm) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new UpdateAdded(Client, Norm);
}

/// <summary>It could not be decoded.</summary>
sealed record WasInvalid(DateTimeOffset At, int Client, string Problem) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new UpdateInvalid(Client, Problem);
}

/// <summary>A participant said that it cannot do its task, or took it and was gone or late.</summary>
sealed record GaveUp(DateTimeOffset At, int Client, string Problem,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool IsMissed = false) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new ClientDropped(Client, IsMissed) { Problem = Problem };
}

/// <summary>The round's time was up.</summary>
sealed record DeadlinePassed(DateTimeOffset At) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new TimePassed();
}

/// <summary>Who is in the round's secure sum is fixed, and the sum of their masked words is among the blobs.</summary>
sealed record SumWasClosed(DateTimeOffset At, IReadOnlyList<int> Clients, IReadOnlyList<int> Missing, long Length, KeptSum Sum)
    : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new SumClosed(Clients, Missing) { Length = Length };
}

/// <summary>The round's secure sum was unmasked, and is among the blobs.</summary>
sealed record SumWasRevealed(DateTimeOffset At, double Norm, float NextStep, double Loss, long Length, string? Note, KeptSum Sum)
    : LedgerEvent(At)
{
    /// <summary>Who was in the sum of a group that could not be had; null for nobody.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? LeftOut { get; init; }

    public override FederationEvent ToFederation() =>
        new SumRevealed(Norm, NextStep) { Loss = Loss, Length = Length, Note = Note, LeftOut = LeftOut ?? [] };
}

/// <summary>The round's secure sum cannot be had.</summary>
sealed record SumWasLost(DateTimeOffset At, string Problem, IReadOnlyList<int> Missing, long Length) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new SumLost(Problem) { Missing = Missing, Length = Length };
}

/// <summary>An operator paused the federation.</summary>
/// <param name="At">The server's time.</param>
/// <param name="By">Who; null where an earlier release wrote it.</param>
sealed record WasPaused(DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? By = null) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new Paused();
}

/// <summary>An operator let it go on.</summary>
/// <param name="At">The server's time.</param>
/// <param name="By">Who; null where an earlier release wrote it.</param>
sealed record WasResumed(DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? By = null) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new Resumed();
}

/// <summary>An operator stopped it.</summary>
/// <param name="At">The server's time.</param>
/// <param name="By">Who; null where an earlier release wrote it.</param>
sealed record WasStopped(DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? By = null) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new Stopped();
}

/// <summary>An operator gave it more rounds.</summary>
/// <param name="At">The server's time.</param>
/// <param name="Rounds">All of them.</param>
/// <param name="By">Who.</param>
sealed record WasExtended(DateTimeOffset At, int Rounds, string By) : LedgerEvent(At)
{
    public override FederationEvent ToFederation() => new Extended(Rounds);
}

// A client may say that its loss is NaN; it is one.
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(LedgerEvent))]
[JsonSerializable(typeof(FederationHead))]
[JsonSerializable(typeof(WholeHistory))]
[JsonSerializable(typeof(VersionRecord))]
[JsonSerializable(typeof(RoundMetrics))]
sealed partial class LedgerJson : JsonSerializerContext
{
    /// <exception cref="InvalidDataException">The bytes are not what they should be.</exception>
    public static T Read<T>(byte[] bytes, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw new JsonException("It is null.");
        }
        catch (Exception problem) when (problem is JsonException or NotSupportedException)
        {
            throw Unreadable(what, problem.Message, problem);
        }
    }

    public static InvalidDataException Unreadable(string what, string why, Exception? inner = null) =>
        new($"{what} cannot be read: {why} Start the version of the program that wrote it, or restore the storage from a copy.",
            inner);
}

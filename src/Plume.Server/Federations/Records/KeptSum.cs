using System.Text.Json.Serialization;

namespace Plume.Server.Federations.Records;

/// <summary>What the ledger has of a secure sum among the blobs.</summary>
/// <param name="Attempt">The round's attempt.</param>
/// <param name="Clients">How many clients' updates are in it.</param>
/// <param name="Session">The session that made it.</param>
/// <param name="Sha256">The blob's hash, in lower-case hexadecimal.</param>
sealed record KeptSum(
    [property: JsonPropertyName("a")] int Attempt,
    [property: JsonPropertyName("n")] int Clients,
    [property: JsonPropertyName("s")] long Session,
    [property: JsonPropertyName("h")] string Sha256)
{
    /// <summary>The groups whose sums lie in it one after another; null where all clients are in one sum.</summary>
    [JsonPropertyName("g"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<KeptGroup>? Groups { get; init; }
}

/// <summary>A group's part of a sum that was revealed.</summary>
/// <param name="Number">Which group of the attempt, from 0.</param>
/// <param name="Clients">Whose updates are in it.</param>
/// <param name="Values">Values of it.</param>
sealed record KeptGroup(
    [property: JsonPropertyName("i")] int Number,
    [property: JsonPropertyName("c")] IReadOnlyList<int> Clients,
    [property: JsonPropertyName("v")] int Values);

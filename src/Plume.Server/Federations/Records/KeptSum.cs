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
    [property: JsonPropertyName("h")] string Sha256);

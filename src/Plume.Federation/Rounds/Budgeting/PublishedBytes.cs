using System.Collections.Immutable;

namespace Plume.Federation.Rounds.Budgeting;

/// <summary>What a round's end tells a budget of bytes.</summary>
/// <param name="Payload">Bytes of the version that it made.</param>
/// <param name="CatchUps">Bytes that lead to it from versions that clients hold, by version; of those that are not here no more is known
/// than what all payloads since take.</param>
public sealed record PublishedBytes(long Payload, ImmutableSortedDictionary<int, long> CatchUps);

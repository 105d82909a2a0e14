namespace Plume.Federation.Rounds;

/// <summary>One client's part in one attempt of a round.</summary>
/// <param name="Round">The round; where rounds are buffered, the one that was open when the client was asked.</param>
/// <param name="Attempt">The attempt; where rounds are buffered, the number of the client among those that the round
/// asked.</param>
/// <param name="Client">The client.</param>
public readonly record struct RoundPart(int Round, int Attempt, int Client);

namespace Plume.Federation.Books;

/// <summary>One client's part in one attempt of a round.</summary>
/// <param name="Round">The round.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Client">The client.</param>
public readonly record struct RoundPart(int Round, int Attempt, int Client);

/// <summary>What became of an update that was taken in.</summary>
/// <param name="Part">Whose it is.</param>
/// <param name="Problem">Why it does not count; null where it is in the sum.</param>
public readonly record struct SettledPart(RoundPart Part, string? Problem)
{
    /// <summary>Whether it is in the sum.</summary>
    public bool IsCounted => Problem is null;
}

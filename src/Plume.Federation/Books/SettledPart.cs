using Plume.Federation.Rounds;

namespace Plume.Federation.Books;

/// <summary>What became of an update that was taken in.</summary>
/// <param name="Part">Whose it is.</param>
/// <param name="Problem">Why it does not count; null where it is in the sum.</param>
public readonly record struct SettledPart(RoundPart Part, string? Problem)
{
    /// <summary>The round that took it in: its part's, or where rounds are buffered maybe a later one.</summary>
    public int Round { get; init; } = Part.Round;

    /// <summary>Whether it is in the sum.</summary>
    public bool IsCounted => Problem is null;
}

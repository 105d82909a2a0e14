using System.Collections.Immutable;
using Plume.Federation.Budgets;

namespace Plume.Federation.Rounds;

/// <summary>What the rounds so far leave to the next besides their norms.</summary>
public sealed record CarriedOver
{
    /// <summary>Nothing.</summary>
    public static CarriedOver Nothing { get; } = new();

    /// <summary>The step that the last secure sum said the next round should have.</summary>
    public float? SharedStep { get; init; }

    /// <inheritdoc cref="FederationState.Clip"/>
    public double? Clip { get; init; }

    /// <inheritdoc cref="FederationState.Spread"/>
    public double? Spread { get; init; }

    /// <inheritdoc cref="FederationState.Participations"/>
    public ImmutableSortedDictionary<int, int> Participations { get; init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <inheritdoc cref="FederationState.LastRounds"/>
    public ImmutableSortedDictionary<int, int> LastRounds { get; init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <inheritdoc cref="FederationState.Spending"/>
    public Spending Spending { get; init; } = Spending.Nothing;

    /// <summary>Who was at work when the last of them ended, where rounds are buffered.</summary>
    public IReadOnlyList<RoundPart> AtWork { get; init; } = [];
}

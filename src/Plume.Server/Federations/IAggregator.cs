using Plume.Compression.Aggregation;
using Plume.Federation.Rounds;

namespace Plume.Server.Federations;

/// <summary>Adds a round's updates up. The sum is a function of which updates are in it: adding one twice adds it once, and what was lost is added again.</summary>
interface IAggregator
{
    /// <summary>Adds an update whose bytes are durable.</summary>
    /// <returns>Why its bytes break a rule, and nothing was added; null where it is in the sum.</returns>
    Task<string?> AddAsync(WeightedUpdate update, RoundPlan plan, CancellationToken cancellation);

    /// <summary>The sum of exactly these updates.</summary>
    Task<ExactSum> SumAsync(IReadOnlyList<WeightedUpdate> updates, RoundPlan plan, CancellationToken cancellation);
}

/// <summary>An update and its weight in the mean.</summary>
readonly record struct WeightedUpdate(ArrivedUpdate Update, double Weight);

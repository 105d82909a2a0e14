using Plume.Compression.Aggregation;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Records;

namespace Plume.Server.Federations.Sums;

/// <summary>
/// Adds a round's updates up. The sum is a function of which updates are in it: adding one twice adds it once, and what was lost
/// is added again.
/// </summary>
interface IAggregator
{
    /// <summary>Adds an update whose bytes are durable.</summary>
    Task<AddedUpdate> AddAsync(WeightedUpdate update, RoundPlan plan, CancellationToken cancellation);

    /// <summary>
    /// Bits of each tensor in the first update of the whole model that was added in the newest round; empty where none was, or
    /// where nobody looks.
    /// </summary>
    IReadOnlyList<long> TensorBits => [];

    /// <summary>The sum of exactly these updates.</summary>
    Task<ExactSum> SumAsync(IReadOnlyList<WeightedUpdate> updates, RoundPlan plan, CancellationToken cancellation);
}

/// <summary>What came of adding an update.</summary>
/// <param name="Norm">Its Euclidean norm before weight and bound, where it is in the sum.</param>
/// <param name="Problem">Why its bytes break a rule, and nothing was added; null where it is in the sum.</param>
[GenerateSerializer, Immutable]
readonly record struct AddedUpdate(double Norm, string? Problem);

/// <summary>An update and its weight in the mean.</summary>
readonly record struct WeightedUpdate(ArrivedUpdate Update, double Weight);

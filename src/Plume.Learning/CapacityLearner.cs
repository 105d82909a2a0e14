using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Learning;

/// <summary>Clients of several capacities, whose models are of different sizes.</summary>
/// <param name="learners">One for each capacity, the largest first; they are disposed with this.</param>
/// <param name="capacityOf">Which of them a client has.</param>
public sealed class CapacityLearner(IReadOnlyList<GraphLearner> learners, Func<int, int> capacityOf) : ILearner, IDisposable
{
    /// <summary>That of the largest.</summary>
    public ModelLayout Layout => learners[0].Layout;

    /// <inheritdoc/>
    public bool TakesCorrections => true;

    /// <inheritdoc/>
    public int MemoryLength => learners[0].MemoryLength;

    /// <inheritdoc/>
    public string? Misfit(Teaching teaching) => learners[0].Misfit(teaching);

    /// <inheritdoc/>
    public int StepsFor(LocalTask task) => learners[0].StepsFor(task);

    /// <inheritdoc/>
    public ILearner Of(int client) => learners[capacityOf(client)];

    /// <inheritdoc/>
    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        return Of(task.Client).Train(task, trained, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var learner in learners)
            learner.Dispose();
    }
}

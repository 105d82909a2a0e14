using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;

namespace Plume.EndToEnd.Host;

/// <summary>Toy learners of all capacities, for a simulation.</summary>
sealed class ToyLearners(FederationPlan plan, ModelLayout layout) : ILearner
{
    readonly ToyLearner[] learners = [.. plan.ModelsOf(layout).Select(model => new ToyLearner(model.Layout, TimeSpan.Zero))];

    public ModelLayout Layout => layout;

    public bool TakesCorrections => true;

    public int StepsFor(LocalTask task) => learners[0].StepsFor(task);

    public ILearner Of(int client) => learners[plan.Method.CapacityOf(client)];

    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation) =>
        Of(task.Client).Train(task, trained, cancellation);
}

using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;

namespace Plume.Simulation.Tests;

/// <summary>Clients of several capacities, of which the weaker train a part of the model beside zeros.</summary>
sealed class SlicedLearner(ILearner whole, FederationPlan plan) : ILearner
{
    readonly ILearner[] learners = [whole, .. plan.Smaller.Select(model => new Part(whole, model.SliceAt(0)))];

    public ModelLayout Layout => whole.Layout;

    public bool TakesCorrections => true;

    public int MemoryLength => whole.MemoryLength;

    public string? Misfit(Teaching teaching) => whole.Misfit(teaching);

    public int StepsFor(LocalTask task) => whole.StepsFor(task);

    public ILearner Of(int client) => learners[plan.Method.CapacityOf(client)];

    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation) =>
        whole.Train(task, trained, cancellation);

    sealed class Part(ILearner whole, LayoutSlice slice) : ILearner
    {
        public ModelLayout Layout => slice.Part;

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
        {
            float[] received = new float[whole.Layout.Length], all = new float[received.Length];
            slice.AddTo(task.Received.Span, received);
            var outcome = whole.Train(task with { Received = received }, all, cancellation);
            slice.Gather<float>(all, trained);
            return outcome;
        }
    }
}

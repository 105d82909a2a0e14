using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Server.Tests.Hosting;

/// <summary>A learner that adds the same to every value.</summary>
sealed class Adds(ModelLayout layout, float what, int samples = 10) : ILearner
{
    public ModelLayout Layout => layout;

    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        for (int place = 0; place < trained.Length; place++)
            trained[place] = task.Received.Span[place] + what;
        return new LocalOutcome(samples, 1);
    }
}

using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Client.Tests.Fakes;

/// <summary>A learner that walks a random step from what it received: the same task gives the same bits.</summary>
sealed class Stepper(ModelLayout layout) : ILearner
{
    public ModelLayout Layout { get; } = layout;

    /// <summary>The tasks that it was given.</summary>
    public List<LocalTask> Tasks { get; } = [];

    /// <summary>Is called before a task, with the place for the trained weights and what stops it.</summary>
    public Action<LocalTask, CancellationToken>? Before { get; set; }

    /// <summary>The rounds in which its training diverges.</summary>
    public HashSet<int> Diverges { get; } = [];

    public int MemoryLength { get; init; }

    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        Tasks.Add(task with { Received = task.Received.ToArray() });
        Before?.Invoke(task, cancellation);
        var draws = new RandomDraws(task.Key.Fold("step"));
        for (int i = 0; i < trained.Length; i++)
            trained[i] = task.Received.Span[i] + 0.01f * (float)draws.NextNormal();
        if (Diverges.Contains(task.Round))
            trained[5] = float.NaN;
        return new LocalOutcome(17, 0.5);
    }
}

using Plume.Compression.Weights;
using Plume.Federation.Labels;
using Plume.Federation.Learners;

namespace Plume.EndToEnd.Host;

/// <summary>
/// Learns nothing: what it returns is a function of the model received, the round, the client and the task's key, so that every
/// repetition gives the same bits. One client is hostile, so that the bound on norms is at work through every death. It remembers
/// how many of its updates count, and draws by it: what is lost or kept twice changes all bits after it.
/// </summary>
/// <param name="layout">The model's.</param>
/// <param name="longest">A task takes up to this long, at random.</param>
sealed class ToyLearner(ModelLayout layout, TimeSpan longest) : ILearner
{
    const float Step = 0.02f;
    const int Hostile = 1;
    const float Times = -30;

    public static int SamplesOf(int client) => 10 + client;

    public ModelLayout Layout => layout;

    public bool TakesCorrections => true;

    public bool KeepsUntrained => true;

    public bool LearnsMasks => true;

    public int StepsFor(LocalTask task) => 1 + task.Client % 3;

    /// <summary>The public set of a federation that exchanges predictions; null of another.</summary>
    public PublicSet? Public { get; init; }

    public int MemoryLength => Public is null ? 1 : ToyPredictor.MemoryLength;

    public IPredictor? Predictor => Public is null ? null : new ToyPredictor(Public);

    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        if (longest > TimeSpan.Zero)
            cancellation.WaitHandle.WaitOne(longest * Random.Shared.NextDouble());
        cancellation.ThrowIfCancellationRequested();
        var key = task.Key.Fold((ulong)task.Round).Fold((ulong)task.Client).Fold((ulong)task.Memory.Span[0]++);
        var received = task.Received.Span;
        for (int place = 0; place < trained.Length; place++)
        {
            float step = Step * (key.Uniform((ulong)place) - 0.5f - received[place]);
            trained[place] = received[place] + (!task.Trained.IsEmpty && task.Trained.Span[place] == 0 ? 0
                : task.Client == Hostile ? Times * step : step - Step * CorrectionAt(task, place));
        }

        return new LocalOutcome(SamplesOf(task.Client), 1.0 / task.Round) { Steps = StepsFor(task) };
    }

    static float CorrectionAt(LocalTask task, int place) => task.Correction.IsEmpty ? 0 : task.Correction.Span[place];
}

using Plume.Client;
using Plume.Compression.Weights;
using Plume.Federation.Labels;
using Plume.Federation.Learners;
using Plume.Learning.Training;

namespace Plume.Cli.Network;

/// <summary>
/// Watches a client's training: one whose loss is not finite several rounds in a row, and one that never had another, would take
/// part for nothing. It leaves, and the command says why.
/// </summary>
sealed class DivergenceWatch(CancellationTokenSource leaving)
{
    readonly CancellationTokenSource leaving = leaving;
    const int Most = 3;

    readonly Lock gate = new();
    int failures, successes;
    volatile bool isOver;

    /// <summary>
    /// Hears what a client does, and lets it leave when it has told the server that it cannot do its task: a round would wait for
    /// it otherwise.
    /// </summary>
    public IProgress<ClientProgress> Before(IProgress<ClientProgress> lines) => new Ear(lines, this);

    /// <summary>A learner whose outcomes are watched.</summary>
    public ILearner Over(ILearner learner) => new Watched(learner, this);

    /// <summary>Ends the command where training failed for good.</summary>
    /// <exception cref="DivergedException">It did.</exception>
    public void Check()
    {
        if (failures >= Most || failures > 0 && successes == 0)
            throw new DivergedException(
                "Training on this client's data diverged: the loss is not finite. Look for values in it that are too large, or "
                    + "have the federation use a smaller client.learningRate.");
    }

    void See(double loss)
    {
        lock (gate)
        {
            (failures, successes) = double.IsFinite(loss) ? (0, successes + 1) : (failures + 1, successes);
            isOver |= failures == Most;
        }
    }

    sealed class Ear(IProgress<ClientProgress> lines, DivergenceWatch watch) : IProgress<ClientProgress>
    {
        public void Report(ClientProgress value)
        {
            lines.Report(value);
            if (watch.isOver && value.Stage is (ClientStage.Waiting or ClientStage.BackingOff))
                watch.leaving.Cancel();
        }
    }

    sealed class Watched(ILearner learner, DivergenceWatch watch) : ILearner, IPredictor, IDisposable
    {
        public ModelLayout Layout => learner.Layout;

        public bool TakesCorrections => learner.TakesCorrections;

        public bool KeepsUntrained => learner.KeepsUntrained;

        public bool LearnsMasks => learner.LearnsMasks;

        public int StepsFor(LocalTask task) => learner.StepsFor(task);

        public int MemoryLength => learner.MemoryLength;

        public string? Misfit(Teaching teaching) => learner.Misfit(teaching);

        public IPredictor? Predictor => learner.Predictor is null ? null : this;

        public PublicSet Public => learner.Predictor!.Public;

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation) =>
            Seen(learner.Train(task, trained, cancellation));

        public LocalOutcome Predict(LocalTask task, PublicLabels taught, ReadOnlySpan<int> asked, Span<float> shares,
            CancellationToken cancellation) =>
            Seen(learner.Predictor!.Predict(task, taught, asked, shares, cancellation));

        LocalOutcome Seen(LocalOutcome outcome)
        {
            watch.See(outcome.Loss);
            return outcome;
        }

        public void Dispose() => (learner as IDisposable)?.Dispose();
    }
}

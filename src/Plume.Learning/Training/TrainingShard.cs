using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Native;
using Plume.Learning.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>
/// One part of every batch: an executor, which is another's to dispose of, and a buffer of its own, so that parts are worked on
/// side by side.
/// </summary>
sealed class TrainingShard(GraphExecutor executor, LabeledSet set, int size) : IDisposable
{
    readonly BatchBuffer batch = new(set, size);

    public GraphExecutor Executor => executor;

    /// <summary>Leaves the gradient of the part's share of the mean loss.</summary>
    /// <returns>That share of the loss.</returns>
    public double Backward(ITrainingObjective objective, ReadOnlyMemory<int> samples, int batchSamples, double progress,
        RandomKey key)
    {
        using var scope = NewDisposeScope();
        var (features, labels) = batch.Fill(samples.Span);
        Executor.Gradients.zero_();
        var logits = ClassScores.Of(Executor.Forward(features, key), set);
        var loss = objective.Loss(new TrainingBatch(Executor, features, labels, logits, samples, progress));
        if (samples.Length != batchSamples)
            loss *= (double)samples.Length / batchSamples;
        loss.backward();
        return loss.ToSingle();
    }

    /// <summary>Takes the weights of another part.</summary>
    public void Follow(TrainingShard leader) => leader.Executor.Weights.bytes.CopyTo(Executor.Weights.bytes);

    /// <summary>
    /// The running statistics of parts that each measured their own samples become their mean, in the first one.
    /// </summary>
    public static void JoinStatistics(ReadOnlySpan<TrainingShard> worked)
    {
        var first = worked[0].Executor;
        foreach (var tensor in first.Layout.Tensors.Where(tensor => tensor.Role == TensorRole.Statistic))
        {
            using var scope = NewDisposeScope();
            var joined = first.Weights.narrow(0, tensor.Offset, tensor.Length);
            foreach (var other in worked[1..])
                joined.AddInPlace(other.Executor.Weights.narrow(0, tensor.Offset, tensor.Length));
            joined.ScaleInPlace(1.0 / worked.Length);
        }
    }

    public void Dispose() => batch.Dispose();
}

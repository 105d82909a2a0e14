using Plume.Federation.Labels;
using Plume.Learning.Training;
using static TorchSharp.torch;

namespace Plume.Learning.Distill;

/// <summary>Cross-entropy with given distributions: up to a constant the divergence from them, KL(label || model).</summary>
/// <param name="labels">The distributions.</param>
/// <param name="classes">Classes of each.</param>
sealed class SoftTargets(PublicLabels labels, int classes) : ITrainingObjective
{
    readonly Dictionary<int, int> places = Places(labels.Samples.Span);

    public Tensor Loss(TrainingBatch batch)
    {
        var samples = batch.Samples.Span;
        var taken = new float[samples.Length * classes];
        for (int i = 0; i < samples.Length; i++)
            labels.Shares.Span.Slice(places[samples[i]] * classes, classes).CopyTo(taken.AsSpan(i * classes));
        return -(tensor(taken, [samples.Length, classes]) * nn.functional.log_softmax(batch.Logits, 1)).sum(1).mean();
    }

    static Dictionary<int, int> Places(ReadOnlySpan<int> samples)
    {
        var places = new Dictionary<int, int>(samples.Length);
        for (int i = 0; i < samples.Length; i++)
            places[samples[i]] = i;
        return places;
    }
}

using Plume.Compression.Container;
using Plume.Learning.Data;
using Plume.Learning.Training;

namespace Plume.Learning.Inference;

/// <summary>The class that a model gives to every sample of a set, run in ONNX Runtime.</summary>
/// <param name="Classes">The most likely class of each sample; the first of equals.</param>
public sealed record Predictions(IReadOnlyList<int> Classes)
{
    const int Chunk = 100;

    /// <summary>Runs the model over the set.</summary>
    /// <exception cref="ArgumentException">The model does not fit the samples.</exception>
    /// <exception cref="InvalidPayloadException">ONNX Runtime cannot run it, or its output is no classifier's.</exception>
    public static Predictions Of(RuntimeModel model, LabeledSet set, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(set);
        SampleFit.Check(model.Graph, set);
        var classes = new int[set.Count];
        for (int start = 0; start < set.Count; start += Chunk)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(Chunk, set.Count - start);
            float[] scores = model.Run(set.Features.AsMemory(start * set.SampleLength, count * set.SampleLength), [count, .. set.SampleShape.Select(length => (long)length)]);
            int width = scores.Length / count;
            if (width == 0 || width * count != scores.Length)
                throw new InvalidPayloadException($"The model gives {scores.Length} numbers for {count} samples; a classifier gives one a class and sample.");
            for (int i = 0; i < count; i++)
                classes[start + i] = IndexOfLargest(scores.AsSpan(i * width, width));
        }

        return new Predictions(classes);
    }

    /// <summary>Share of the samples whose class is the label.</summary>
    public double Accuracy(LabeledSet set) => Agreement(set.Labels);

    /// <summary>Share of the samples that get the same class from another model.</summary>
    public double Agreement(Predictions other) => Agreement(other.Classes);

    double Agreement(IReadOnlyList<int> others)
    {
        int same = 0;
        for (int i = 0; i < Classes.Count; i++)
            same += Classes[i] == others[i] ? 1 : 0;
        return (double)same / Classes.Count;
    }

    static int IndexOfLargest(ReadOnlySpan<float> scores)
    {
        int best = 0;
        for (int i = 1; i < scores.Length; i++)
            best = scores[i] > scores[best] ? i : best;
        return best;
    }
}

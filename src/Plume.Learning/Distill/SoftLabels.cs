using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Objectives;
using Plume.Learning.Training;
using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Distill;

/// <summary>
/// A teacher's class scores for every sample of a set, computed once: the teacher does not change while a student learns.
/// </summary>
public sealed class SoftLabels
{
    const int Chunk = 100;

    SoftLabels(float[] scores, int classes) => (Scores, Classes) = (scores, classes);

    /// <summary>The scores before any softmax, sample after sample.</summary>
    public ReadOnlyMemory<float> Scores { get; }

    /// <summary>Scores of one sample.</summary>
    public int Classes { get; }

    /// <summary>
    /// Runs the teacher over a set. 4 bytes a sample and class; the result does not depend on the number of threads.
    /// </summary>
    /// <exception cref="ArgumentException">The teacher does not fit the samples.</exception>
    /// <exception cref="UnsupportedOperatorException">The teacher cannot be run.</exception>
    public static SoftLabels Of(ModelGraph teacher, LabeledSet set, int threads = 1, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(set);
        int classes = ClassScores.Count(teacher, set);
        var scores = new float[(long)set.Count * classes];
        int chunks = (set.Count + Chunk - 1) / Chunk, workers = Math.Min(threads, chunks);
        SideBySide.Run(workers, threads, worker =>
        {
            using var executor = new GraphExecutor(teacher);
            using var batch = new BatchBuffer(set, Math.Min(Chunk, set.Count));
            for (int chunk = worker; chunk < chunks && !cancellation.IsCancellationRequested; chunk += workers)
                Fill(executor, batch, set, chunk * Chunk, scores.AsSpan(chunk * Chunk * classes));
        }, cancellation);
        return new SoftLabels(scores, classes);
    }

    static void Fill(GraphExecutor executor, BatchBuffer batch, LabeledSet set, int start, Span<float> scores)
    {
        using var scope = NewDisposeScope();
        int count = Math.Min(Chunk, set.Count - start);
        var (features, _) = batch.Fill([.. Enumerable.Range(start, count)]);
        ClassScores.Of(executor.Logits(features), set).contiguous().data<float>().CopyTo(scores);
    }

    /// <summary>The scores of some samples: [samples, classes].</summary>
    internal Tensor Take(ReadOnlySpan<int> samples)
    {
        var taken = new float[samples.Length * Classes];
        for (int i = 0; i < samples.Length; i++)
            Scores.Span.Slice(samples[i] * Classes, Classes).CopyTo(taken.AsSpan(i * Classes));
        return tensor(taken, [samples.Length, Classes]);
    }
}

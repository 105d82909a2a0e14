using System.Runtime.InteropServices;
using Plume.Compression.Weights;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Objectives;
using Plume.Learning.Training;
using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Leaks;

/// <summary>
/// How far updates go the way in which single samples pull a model: the cosine between an update and the negative gradient of a
/// sample's cross-entropy, at the model that the update starts from. A client's samples pulled at its update, others did not.
/// </summary>
/// <remarks>
/// Shapes: updates as long as the graph's layout; running statistics count for nothing, and the model is taken as it infers.
/// Range: -1 to 1, and 0 where update or gradient is zero. Memory: one model a thread.
/// Source: Li, Li, Ribeiro, "Effective Passive Membership Inference Attacks in Federated Learning against Overparameterized
/// Models", ICLR 2023; gradients as what tells of members: Nasr, Shokri, Houmansadr, "Comprehensive Privacy Analysis of Deep
/// Learning", 2019, arXiv:1812.00910. Differs from both: one update is looked at by itself, and nothing is learned from others.
/// </remarks>
public sealed class GradientAlignment : IDisposable
{
    readonly IdleExecutors executors;
    readonly TensorSpec[] learned;
    readonly int length;
    readonly int threads;

    /// <summary>For a graph.</summary>
    /// <param name="graph">The model; its weights only shape the layout.</param>
    /// <param name="threads">Samples that are worked on at once; no figure depends on it.</param>
    /// <exception cref="UnsupportedOperatorException">The graph cannot be run.</exception>
    /// <exception cref="ArgumentException">The graph learns nothing, so that no sample pulls at it.</exception>
    public GradientAlignment(ModelGraph graph, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        learned = [.. graph.Weights.Tensors.Where(tensor => tensor.Role != TensorRole.Statistic)];
        if (learned.Length == 0)
            throw new ArgumentException($"Model '{graph.Name}' has no weights that learn, so no sample has a gradient.",
                nameof(graph));
        (length, this.threads) = (graph.Weights.Length, threads);
        executors = new IdleExecutors(graph);
        executors.Return(executors.Take());
    }

    /// <summary>The cosines of each update with each sample's pull.</summary>
    /// <param name="model">The model that the updates start from.</param>
    /// <param name="updates">What models changed by, in the order of the layout.</param>
    /// <param name="set">Where the samples lie.</param>
    /// <param name="samples">Their indices.</param>
    /// <returns>For each update one cosine a sample.</returns>
    /// <exception cref="ArgumentException">The model or an update is not as long as the layout.</exception>
    public double[][] Cosines(ReadOnlyMemory<float> model, IReadOnlyList<float[]> updates, LabeledSet set,
        IReadOnlyList<int> samples)
    {
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(samples);
        if (model.Length != length || updates.Any(update => update.Length != length))
            throw new ArgumentException($"A model and its updates have {length} values here, but not all do.", nameof(updates));
        double[][] cosines = [.. updates.Select(_ => new double[samples.Count])];
        double[] norms = [.. updates.Select(update => Math.Sqrt(Product(update, update)))];
        int workers = Math.Min(threads, samples.Count);
        SideBySide.Run(workers, threads, worker =>
        {
            var executor = executors.Take();
            try
            {
                executor.SetWeights(model.Span);
                using var batch = new BatchBuffer(set, 1);
                for (int at = worker; at < samples.Count; at += workers)
                    Compare(Gradient(executor, batch, set, samples[at]), updates, norms, cosines, at);
            }
            finally
            {
                executors.Return(executor);
            }
        });
        return cosines;
    }

    void Compare(ReadOnlySpan<float> gradient, IReadOnlyList<float[]> updates, double[] norms, double[][] cosines, int at)
    {
        double norm = Math.Sqrt(Product(gradient, gradient));
        for (int i = 0; i < updates.Count; i++)
            cosines[i][at] = norm > 0 && norms[i] > 0 ? -Product(gradient, updates[i]) / (norm * norms[i]) : 0;
    }

    static ReadOnlySpan<float> Gradient(GraphExecutor executor, BatchBuffer batch, LabeledSet set, int sample)
    {
        using var scope = NewDisposeScope();
        var (features, labels) = batch.Fill([sample]);
        executor.Gradients.zero_();
        nn.functional.cross_entropy(ClassScores.Of(executor.Differentiable(features), set), labels).backward();
        return MemoryMarshal.Cast<byte, float>(executor.Gradients.bytes);
    }

    double Product(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        double sum = 0;
        foreach (var tensor in learned)
        {
            for (int i = tensor.Offset; i < tensor.Offset + tensor.Length; i++)
                sum += (double)left[i] * right[i];
        }

        return sum;
    }

    /// <inheritdoc/>
    public void Dispose() => executors.Dispose();
}

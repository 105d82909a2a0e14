using Plume.Compression.Weights;
using Plume.Federation.Labels;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Execution;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Learning;

/// <summary>
/// Trains clients' own models, which may all be of another architecture: on what others said of a public set, and then on each
/// client's samples, each for as many epochs as a task says.
/// </summary>
/// <remarks>
/// What is kept of a client is 1 once it has trained, and after it its model's weights. All have the length of the largest.
/// </remarks>
public sealed class PredictingLearner : ILearner, IPredictor, IDisposable
{
    readonly LabeledSet set;
    readonly IReadOnlyList<int[]> samples;
    readonly PublicSamples publicSamples;
    readonly LocalModels[] models;

    /// <summary>A learner for clients with models of their own.</summary>
    /// <param name="layout">The tensors of the federation's model, the server's student, which clients need not know more
    /// of.</param>
    /// <param name="graphs">The models with the weights that clients start from, dealt in turn: client k has the one at k modulo
    /// their number.</param>
    /// <param name="set">All samples that clients have.</param>
    /// <param name="samples">For each client the indices of its samples.</param>
    /// <param name="publicSamples">What all have.</param>
    /// <exception cref="UnsupportedOperatorException">A graph cannot be run.</exception>
    /// <exception cref="MisfitException">A graph does not take the samples.</exception>
    public PredictingLearner(ModelLayout layout, IReadOnlyList<ModelGraph> graphs, LabeledSet set, IReadOnlyList<int[]> samples,
        PublicSamples publicSamples)
    {
        ArgumentNullException.ThrowIfNull(graphs);
        ArgumentNullException.ThrowIfNull(publicSamples);
        ArgumentOutOfRangeException.ThrowIfZero(graphs.Count);
        foreach (var graph in graphs)
        {
            SampleFit.Check(graph, set);
            SampleFit.Check(graph, publicSamples.Samples);
        }

        (Layout, this.set, this.samples, this.publicSamples) = (layout, set, samples, publicSamples);
        models = [.. graphs.Select(graph => new LocalModels(graph))];
        Array.ForEach(models, CheckClasses);
    }

    /// <inheritdoc/>
    public ModelLayout Layout { get; }

    /// <inheritdoc/>
    public int MemoryLength => models.Max(model => model.MemoryLength);

    /// <inheritdoc/>
    public IPredictor Predictor => this;

    /// <inheritdoc/>
    public PublicSet Public => publicSamples.Terms;

    /// <summary>Refuses: there is no one model that all train.</summary>
    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation) =>
        throw new NotSupportedException("Clients with models of their own train none that travels; they predict.");

    /// <inheritdoc/>
    public LocalOutcome Predict(LocalTask task, PublicLabels taught, ReadOnlySpan<int> asked, Span<float> shares,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        var model = models[task.Client % models.Length];
        var memory = task.Memory.Span[..model.MemoryLength];
        int[] own = samples[task.Client];
        var executor = model.Take(memory);
        try
        {
            var labels = new SoftTargets(taught, set.Classes);
            if (taught.Count > 0)
                Learn(executor, publicSamples.Samples, labels, taught.Samples.Span, task, cancellation);
            double loss = Learn(executor, set, task.Objective.BalancesClasses ? LabelObjective.Balanced(set, own)
                : LabelObjective.Of(set), own, task, cancellation);
            publicSamples.Predict(executor, asked, shares);
            LocalModels.Keep(executor, memory);
            return new LocalOutcome(own.Length, loss);
        }
        catch (DivergedException)
        {
            return new LocalOutcome(own.Length, double.NaN);
        }
        finally
        {
            model.Return(executor);
        }
    }

    void CheckClasses(LocalModels model)
    {
        var executor = model.Take(new float[model.MemoryLength]);
        publicSamples.Predict(executor, [0], new float[Public.Classes]);
        model.Return(executor);
    }

    static double Learn(GraphExecutor executor, LabeledSet set, ITrainingObjective objective, ReadOnlySpan<int> samples,
        LocalTask task, CancellationToken cancellation)
    {
        using var shard = new TrainingShard(executor, set, Math.Min(task.Objective.BatchSize, samples.Length));
        var loop = new TrainingLoop(new GraphGradients("a local model", [shard], objective, threads: 1), LoopSettings.Of(task));
        return loop.Run(samples, task.Key, cancellation: cancellation).OfSteps;
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(models, model => model.Dispose());
}

using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Learning.Distill;

/// <summary>
/// Trains what became of a model, pruned or with few bits, with the model itself as the teacher: what it has lost, it can
/// be told. The teacher's scores are computed once, for all that is made of it.
/// </summary>
public sealed class FineTuning
{
    readonly LabeledSet set;
    readonly int threads;
    readonly Lazy<ITrainingObjective> objective;

    /// <summary>Fine-tunes what is made of a model.</summary>
    /// <param name="original">The model as it was: the teacher.</param>
    /// <param name="set">The samples.</param>
    /// <param name="temperature">The teacher's temperature.</param>
    /// <param name="alpha">The teacher's share in the loss; 0 learns from the labels alone.</param>
    /// <param name="threads">Threads to train with; the result does not depend on it.</param>
    public FineTuning(ModelGraph original, LabeledSet set, double temperature = 2, double alpha = 0.5, int threads = 1)
    {
        (this.set, this.threads) = (set, threads);
        if (alpha != 0 && set.Targets is not null)
            throw new MisfitException($"A teacher's softened scores are of classes, but {set.Name} has a number to predict; learn from the labels alone: --alpha 0.");
        objective = new(() => alpha == 0 ? LabelObjective.Of(set)
            : new Distillation(SoftLabels.Of(original, set, threads), temperature, alpha));
    }

    /// <summary>Trains a graph that takes the same samples.</summary>
    /// <param name="graph">The pruned or quantized graph; its weights are where training starts.</param>
    /// <param name="options">How long and in what steps; with no epochs the graph comes back as it is.</param>
    /// <param name="key">Where the order of the samples draws from.</param>
    /// <param name="constraint">What the weights must keep to, or null.</param>
    /// <param name="report">Told the epoch, from 1, and its mean loss.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="DivergedException">The loss is no longer finite.</exception>
    public ModelGraph Run(ModelGraph graph, TrainingOptions options, RandomKey key, IWeightConstraint? constraint = null,
        Action<int, double>? report = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Epochs == 0)
            return graph;
        using var trainer = new GraphTrainer(graph, set, options, threads);
        return trainer.Train(objective.Value, key, constraint, report, cancellation);
    }
}

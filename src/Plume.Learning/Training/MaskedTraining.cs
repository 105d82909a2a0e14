using System.Numerics.Tensors;
using Plume.Compression.Weights;
using Plume.Models.Graph;
using Plume.Models.Prune.Connections;

namespace Plume.Learning.Training;

/// <summary>Keeps pruned weights at zero while the others are trained.</summary>
public sealed record MaskedTraining(WeightMask Mask) : IWeightConstraint
{
    /// <inheritdoc/>
    public void Enforce(Span<float> weights, double progress) => Mask.Apply(weights);
}

/// <summary>Keeps at zero what does not live in a federation's model.</summary>
sealed class LiveWeights(ReadOnlyMemory<float> live) : IWeightConstraint
{
    /// <summary>The constraint of a mask; null where all values live.</summary>
    public static LiveWeights? Of(ReadOnlyMemory<float> live) => live.IsEmpty ? null : new LiveWeights(live);

    public void Enforce(Span<float> weights, double progress) => TensorPrimitives.Multiply(weights, live.Span, weights);
}

/// <summary>
/// Prunes while training: more and more weights go, those that are smallest at the moment, and what has gone stays at
/// zero. Source: Zhu and Gupta, "To Prune, or Not to Prune", 2017, arXiv:1710.01878.
/// </summary>
/// <remarks>One for each training run: it remembers what has gone.</remarks>
public sealed class GradualPruning : IWeightConstraint
{
    readonly ModelGraph graph;
    readonly MagnitudePruning pruning;
    readonly GradualSchedule schedule;
    WeightMask? mask;
    double rate = -1;

    /// <summary>Prunes to the schedule's rate.</summary>
    /// <param name="graph">The graph in training.</param>
    /// <param name="pruning">What is pruned; its rate gives way to the schedule's.</param>
    /// <param name="schedule">The rate from the first step to the last.</param>
    public GradualPruning(ModelGraph graph, MagnitudePruning pruning, GradualSchedule schedule) =>
        (this.graph, this.pruning, this.schedule) = (graph, pruning, schedule);

    /// <inheritdoc/>
    public void Enforce(Span<float> weights, double progress)
    {
        double wanted = schedule.RateAt((int)Math.Round(progress * schedule.Steps));
        if (wanted != rate)
        {
            mask?.Apply(weights);
            mask = (pruning with { Rate = rate = wanted }).MaskOf(graph, new ModelWeights(graph.Weights, weights.ToArray()));
        }

        mask!.Apply(weights);
    }
}

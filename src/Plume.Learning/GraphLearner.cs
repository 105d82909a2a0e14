using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Execution;
using Plume.Learning.Training;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;

namespace Plume.Learning;

/// <summary>
/// Trains an ONNX graph for any number of clients whose samples lie in one set. Calls from several threads each use an
/// executor of their own, one torch thread each; the bits do not depend on which. Where channels are dead, the smaller graph
/// without them is trained.
/// </summary>
public sealed class GraphLearner : ILearner, IDisposable
{
    readonly ModelGraph graph;
    readonly LabeledSet set;
    readonly IReadOnlyList<int[]> samples;
    readonly LivingGraph all;
    readonly Lock gate = new();
    LivingGraph left;
    float[] mask = [];
    readonly LocalModels? localModels;

    /// <summary>A learner for a graph.</summary>
    /// <param name="graph">The model; its weights only shape the layout.</param>
    /// <param name="set">All samples.</param>
    /// <param name="samples">For each client the indices of its samples.</param>
    /// <exception cref="UnsupportedOperatorException">The graph cannot be run.</exception>
    /// <exception cref="ArgumentException">The graph does not fit the samples.</exception>
    public GraphLearner(ModelGraph graph, LabeledSet set, IReadOnlyList<int[]> samples)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(set);
        SampleFit.Check(graph, set);
        (this.graph, this.set, this.samples) = (graph, set, samples);
        all = left = new LivingGraph(graph, null);
        all.Executors.Return(all.Executors.Take());
    }

    /// <inheritdoc/>
    public ModelLayout Layout => graph.Weights;

    /// <inheritdoc/>
    public bool TakesCorrections => true;

    /// <summary>
    /// A teacher's scores for all samples of the set, for federations that train by <c>distill</c>; null where there is no
    /// teacher.
    /// </summary>
    /// <exception cref="ArgumentException">They are of other samples, or of other classes than the model's.</exception>
    public SoftLabels? Teacher
    {
        get;
        init
        {
            if (value is not null && value.Scores.Length != (long)set.Count * value.Classes)
                throw new ArgumentException(
                    $"A teacher's scores are for each of the {set.Count} samples of {set.Name}, but these are for "
                        + $"{value.Scores.Length / value.Classes}.", nameof(value));
            if (value is not null)
                CheckClasses("The teacher", value.Classes);
            field = value;
        }
    }

    /// <summary>
    /// The model that stays with each client in federations that train by <c>mutual</c>: its weights are where it begins. Null
    /// where there is none.
    /// </summary>
    /// <exception cref="UnsupportedOperatorException">The graph cannot be run.</exception>
    /// <exception cref="ArgumentException">It takes other samples, or tells other classes apart than the model that
    /// travels.</exception>
    public ModelGraph? LocalModel
    {
        get;
        init
        {
            field = value;
            if (value is null)
                return;
            CheckClasses($"The model that stays, '{value.Name}',", ClassScores.Count(value, set));
            localModels = new LocalModels(value);
        }
    }

    /// <inheritdoc/>
    public int MemoryLength => localModels?.MemoryLength ?? 0;

    /// <inheritdoc/>
    public string? Misfit(Teaching teaching) => teaching switch
    {
        _ when set.Targets is not null =>
            $"Clients learn from scores of classes by '{teaching}', but {set.Name} has a number to predict.",
        FromTeacher when Teacher is null =>
            "The learner has no teacher: name the teacher's file with plume join --teacher, or in a program give "
                + "GraphLearner.Teacher its scores.",
        Mutual when LocalModel is null =>
            "The learner has no model that stays here: name one with plume join --local-model, or in a program give "
                + "GraphLearner.LocalModel.",
        FromTeacher or Mutual => null,
        _ => $"The learner does not know '{teaching}'.",
    };

    /// <inheritdoc/>
    public int StepsFor(LocalTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.Objective.StepsFor(samples[task.Client].Length);
    }

    /// <inheritdoc/>
    public bool KeepsUntrained => true;

    /// <inheritdoc/>
    public bool LearnsMasks => true;

    /// <inheritdoc/>
    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (task.Objective.Teaching is { } teaching && Misfit(teaching) is { } misfit)
            throw new ArgumentException(misfit, nameof(task));
        return task.Objective.Teaching switch
        {
            FromTeacher from => Train(task, new Distillation(Teacher!, from.Temperature, from.Alpha), trained, cancellation),
            Mutual mutual => TrainBoth(task, mutual, trained, cancellation),
            _ when task.Objective.BalancesClasses =>
                Train(task, LabelObjective.Balanced(set, samples[task.Client]), trained, cancellation),
            _ when task.LeavesAbsentOut && set.Targets is null =>
                Train(task, PresentCrossEntropy.Of(samples[task.Client].Select(sample => set.Labels[sample]), set.Classes),
                    trained, cancellation),
            _ => Train(task, LabelObjective.Of(set), trained, cancellation),
        };
    }

    LocalOutcome TrainBoth(LocalTask task, Mutual mutual, Span<float> trained, CancellationToken cancellation)
    {
        var local = localModels!.Take(task.Memory.Span);
        try
        {
            using var objective = new MutualLearning(local, set, mutual, task);
            var outcome = Train(task, objective, trained, cancellation);
            LocalModels.Keep(local, task.Memory.Span);
            return outcome;
        }
        finally
        {
            localModels.Return(local);
        }
    }

    LocalOutcome Train(LocalTask task, ITrainingObjective objective, Span<float> trained, CancellationToken cancellation)
    {
        var living = LivingIn(task.Live);
        var executor = living.Executors.Take();
        try
        {
            int[] own = samples[task.Client];
            executor.SetWeights(living.Cut(task.Received).Span);
            using var shard = new TrainingShard(executor, set, Math.Min(task.Objective.BatchSize, own.Length));
            var settings = LoopSettings.Of(task) with
            {
                Correction = living.Cut(task.Correction),
                Trained = living.Cut(task.Trained),
            };
            var weights = new GraphGradients(graph.Name, [shard], objective, threads: 1);
            using var masked = task.Masked.IsEmpty ? null : new MaskGradients(weights, executor, task.Masked.Span);
            var loop = new TrainingLoop((IGradientSource?)masked ?? weights, settings);
            var last = loop.Run(own, task.Key, LiveWeights.Of(living.Cut(task.Live)), cancellation: cancellation);
            living.Spread(executor, trained);
            masked?.GetScores(trained);
            return new LocalOutcome(own.Length, last.OfSteps) { Steps = StepsFor(task) };
        }
        catch (DivergedException)
        {
            return new LocalOutcome(samples[task.Client].Length, double.NaN);
        }
        finally
        {
            living.Executors.Return(executor);
        }
    }

    // All tasks of a round have one mask; a task of another makes the graph of that one.
    LivingGraph LivingIn(ReadOnlyMemory<float> live)
    {
        if (live.IsEmpty)
            return all;
        lock (gate)
        {
            if (live.Span.SequenceEqual(mask))
                return left;
            if (left != all)
                left.Dispose();
            mask = live.ToArray();
            return left = DeadChannels.Remove(graph.With(new ModelWeights(graph.Weights, [.. mask]))) is { } pruned
                ? new LivingGraph(graph, pruned) : all;
        }
    }

    void CheckClasses(string model, int classes)
    {
        int own = ClassScores.Count(graph, set);
        if (classes != own)
            throw new MisfitException(
                $"{model} tells {classes} classes apart, but '{graph.Name}', which learns from it, {own}: name one of the same "
                    + $"classes.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        localModels?.Dispose();
        all.Dispose();
        left.Dispose();
    }
}

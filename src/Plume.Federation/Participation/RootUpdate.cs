using System.Numerics.Tensors;
using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;

namespace Plume.Federation.Participation;

/// <summary>
/// The update that the server makes of a round's model by training as clients do, on the samples that a rule such as
/// <see cref="FlTrust"/> compares clients' updates with. The same model and round give the same bits, so a version that is made
/// again is the same.
/// </summary>
public static class RootUpdate
{
    /// <summary>Makes it.</summary>
    /// <param name="learner">Has the samples, as those of client 0; needed where the plan's rule compares with them.</param>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="run">The run's key.</param>
    /// <param name="round">The round.</param>
    /// <param name="published">The model that the round's clients trained.</param>
    /// <returns>It, zeros where training diverged; empty where the plan's rule compares with none.</returns>
    public static ReadOnlyMemory<float> Of(ILearner? learner, FederationPlan plan, RandomKey run, int round,
        ReadOnlyMemory<float> published)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Rule is not FlTrust)
            return default;
        var update = new float[published.Length];
        var task = new LocalTask(round, Client: 0, published, plan.ObjectiveIn(round), DrawKeys.Root(run, round))
        {
            Memory = new float[learner!.MemoryLength],
        };
        var outcome = plan.Method.Work(learner, task, default, update, CancellationToken.None);
        if (!double.IsFinite(outcome.Loss) || !float.IsFinite(TensorPrimitives.Norm<float>(update)))
            Array.Clear(update);
        return update;
    }

    /// <summary>Why a plan's rule cannot have it; null where it can, or needs none.</summary>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="learner">Has the samples; null where there is none.</param>
    public static string? Misfit(FederationPlan plan, ILearner? learner)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Rule is not FlTrust)
            return null;
        return learner is null
            ? $"'{plan.Rule}' compares updates with one that the server makes of its root samples, so it must be given a learner "
                + "that has them."
            : Participant.Misfit(learner, plan.Method, plan.Objective.Teaching) is { } misfit
            ? $"'{plan.Rule}' has the server train as clients do, and the federation {misfit}" : null;
    }
}

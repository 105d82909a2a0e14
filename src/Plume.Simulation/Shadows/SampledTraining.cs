using System.Numerics.Tensors;
using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;

namespace Plume.Simulation.Shadows;

/// <summary>
/// What clients would have made of a shadow's model, as far as the first few of a round tell: these train from it, too, by the
/// same draws, and by the mean of what that changes the updates of all others are corrected.
/// </summary>
/// <remarks>
/// With the same draws the difference of two trainings is that of their starts, with little noise. It is what makes up for what a
/// line loses: a client that starts from a worse model has more to learn.
/// </remarks>
/// <param name="plan">The rules.</param>
/// <param name="learner">Trains.</param>
/// <param name="key">The run's.</param>
/// <param name="memoryOf">A copy of what the run's client remembers of method and learner.</param>
/// <param name="count">Participants of a round that train once more.</param>
sealed class SampledTraining(FederationPlan plan, ILearner learner, RandomKey key, Func<int, float[]> memoryOf, int count)
{
    readonly Dictionary<int, float[]> trained = [];
    readonly float[] change = new float[learner.Layout.Length];
    int known;

    /// <summary>Lets the first participants of a round train.</summary>
    /// <param name="round">The round.</param>
    /// <param name="received">What the shadow has published.</param>
    public void Train(RoundPlan round, ReadOnlyMemory<float> received)
    {
        trained.Clear();
        Array.Clear(change);
        known = 0;
        foreach (int client in round.Participants.Take(count))
            trained[client] = Update(round, client, received);
    }

    /// <summary>A participant's update from the shadow's model.</summary>
    /// <param name="client">Which; in the order of the round's participants.</param>
    /// <param name="update">Its update from the run's.</param>
    public float[] Correct(int client, float[] update)
    {
        if (trained.TryGetValue(client, out float[]? own))
        {
            float[] apart = new float[change.Length];
            TensorPrimitives.Subtract(own, update, apart);
            TensorPrimitives.Add(change, apart, change);
            known++;
            return own;
        }

        if (known == 0)
            return update;
        float[] corrected = new float[update.Length];
        TensorPrimitives.Divide(change, known, corrected);
        TensorPrimitives.Add(update, corrected, corrected);
        return corrected;
    }

    float[] Update(RoundPlan round, int client, ReadOnlyMemory<float> received)
    {
        float[] memory = memoryOf(client), message = new float[change.Length];
        int ofMethod = plan.Method.ClientMemoryLength(learner.Layout);
        var task = new LocalTask(round.Round, client, received, plan.ObjectiveIn(round.Round),
            DrawKeys.Task(key, round.PartOf(client)))
        {
            Memory = memory.AsMemory(ofMethod),
        };
        plan.Method.Work(learner.Of(client), task, memory.AsSpan(0, ofMethod), message, CancellationToken.None);
        return message;
    }
}

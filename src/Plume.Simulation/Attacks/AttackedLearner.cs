using System.Numerics.Tensors;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Simulation.Attacks;

/// <summary>
/// The learner of a simulation in which some clients are hostile: honest ones train as they would, and what they learned is kept
/// until the hostile ones of the round, which work after them (<see cref="SimulationOptions.WorksLast"/>), have made what they
/// send of it.
/// </summary>
/// <remarks>Memory: the updates of one round.</remarks>
public sealed class AttackedLearner : ILearner
{
    readonly ILearner learner;
    readonly ILearner? misled;
    readonly Attack attack;
    readonly HashSet<int> hostile;
    readonly Dictionary<int, float[]> updates = [];
    readonly Lock access = new();
    HonestUpdates? honest;
    int round;

    /// <param name="learner">Trains honest clients; one model for all.</param>
    /// <param name="attack">What the others do.</param>
    /// <param name="hostile">The others.</param>
    /// <param name="misled">Trains hostile clients on labels that are not true; needed by an attack that flips labels.</param>
    public AttackedLearner(ILearner learner, Attack attack, IEnumerable<int> hostile, ILearner? misled = null)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(attack);
        if (attack.FlipsLabels && misled is null)
            throw new ArgumentException(
                $"By '{attack}' hostile clients train on labels that are not true: bring a learner that does.", nameof(misled));
        (this.learner, this.attack, this.hostile, this.misled) = (learner, attack, [.. hostile], misled);
    }

    /// <inheritdoc/>
    public ModelLayout Layout => learner.Layout;

    /// <summary>Whether a client is hostile.</summary>
    public bool IsHostile(int client) => hostile.Contains(client);

    /// <inheritdoc/>
    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        var outcome = (IsHostile(task.Client) ? misled ?? learner : learner).Train(task, trained, cancellation);
        var received = task.Received.Span;
        if (IsHostile(task.Client) && !attack.FlipsLabels && HonestOf(task.Round) is { } others)
        {
            var update = new float[trained.Length];
            attack.Craft(others, task.Client, task.Key, update);
            TensorPrimitives.Add(received, update, trained);
        }
        else if (!IsHostile(task.Client))
        {
            Keep(task, trained);
        }

        return outcome;
    }

    void Keep(LocalTask task, ReadOnlySpan<float> trained)
    {
        var update = new float[trained.Length];
        TensorPrimitives.Subtract(trained, task.Received.Span, update);
        lock (access)
        {
            if (round != task.Round)
            {
                updates.Clear();
                (round, honest) = (task.Round, null);
            }

            updates[task.Client] = update;
        }
    }

    // A round without an honest client has nothing to hide among: hostile ones send what they learned.
    HonestUpdates? HonestOf(int at)
    {
        lock (access)
        {
            if (round != at)
                return null;
            return honest ??= new HonestUpdates([.. updates.OrderBy(entry => entry.Key).Select(entry => entry.Value)]);
        }
    }
}

using System.Collections.Concurrent;

namespace Plume.Simulation.Shadows;

/// <summary>
/// What shadows do, side by side. Encoding takes long, and other clients' results wait meanwhile, so steps are put off and then
/// taken together: each shadow takes its own in their order, and none waits for another at every one.
/// </summary>
/// <param name="shadows">The shadows.</param>
/// <param name="threads">How many of them work at once; the result does not depend on it.</param>
sealed class ShadowSteps(Shadow[] shadows, int threads)
{
    // Every other step holds an update.
    const int MostDue = 64;

    readonly List<Action<Shadow>> due = [];

    /// <summary>Puts a step off, at the latest until the next that is not.</summary>
    public void Later(Action<Shadow> step)
    {
        if (shadows.Length == 0)
            return;
        due.Add(step);
        if (due.Count >= MostDue)
            Now(_ => { });
    }

    /// <summary>Takes all steps that were put off, and this one.</summary>
    public void Now(Action<Shadow> step)
    {
        if (shadows.Length == 0)
            return;
        Action<Shadow>[] steps = [.. due, step];
        due.Clear();
        // Lines take very different times, so each thread takes the next.
        Parallel.ForEach(Partitioner.Create(shadows, EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { MaxDegreeOfParallelism = threads },
            shadow => Array.ForEach(steps, each => each(shadow)));
    }
}

using System.Collections.Concurrent;
using Plume.EndToEnd.Host;

namespace Plume.EndToEnd.Tests.Checks;

/// <summary>Runs in which nothing goes wrong: what every other run of the same plan must come to, to the bit. Each is made once.</summary>
static class CalmRuns
{
    static readonly ConcurrentDictionary<ToyPlan, Lazy<Task<string>>> Made = [];

    /// <summary>SHA-256 of the last checkpoint.</summary>
    public static Task<string> CheckpointAsync(ToyPlan plan) => Made.GetOrAdd(plan, wanted => new Lazy<Task<string>>(() => RunAsync(wanted))).Value;

    /// <summary>A run of its own.</summary>
    public static async Task<string> RunAsync(ToyPlan plan)
    {
        await using var trial = new Trial(plan);
        var server = await trial.ServeAsync();
        return (await trial.EndAsync(server, trial.StartAllClients())).Checkpoint;
    }
}

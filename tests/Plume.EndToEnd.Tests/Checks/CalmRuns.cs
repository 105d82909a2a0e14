using System.Collections.Concurrent;
using Plume.EndToEnd.Host;

namespace Plume.EndToEnd.Tests.Checks;

/// <summary>
/// Runs in which nothing goes wrong: what every other run of the same plan must come to, to the bit. Each is made once.
/// </summary>
static class CalmRuns
{
    static readonly ConcurrentDictionary<ToyPlan, Lazy<Task<ServerHistory>>> Made = [];

    /// <summary>SHA-256 of the last checkpoint.</summary>
    public static async Task<string> CheckpointAsync(ToyPlan plan) => (await OfAsync(plan)).Checkpoint;

    /// <summary>What the server has of it.</summary>
    public static Task<ServerHistory> OfAsync(ToyPlan plan) =>
        Made.GetOrAdd(plan, wanted => new Lazy<Task<ServerHistory>>(() => RunAsync(wanted))).Value;

    /// <summary>A run of its own.</summary>
    public static async Task<ServerHistory> RunAsync(ToyPlan plan)
    {
        await using var trial = new Trial(plan);
        var server = await trial.ServeAsync();
        return await trial.EndAsync(server, trial.StartAllClients());
    }
}

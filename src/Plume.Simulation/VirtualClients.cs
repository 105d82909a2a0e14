using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;

namespace Plume.Simulation;

/// <summary>A round's participants, at work side by side on a number of threads.</summary>
sealed class VirtualClients(SimulationOptions options, ILearner learner, Codec uplink, ResidualStore residuals, RandomKey key, bool keepUpdates)
{
    readonly ConcurrentBag<ClientWork> idle = [];

    // How much work each client was; one that was not asked yet may be the largest.
    readonly int[] samples = [.. Enumerable.Repeat(int.MaxValue, options.Plan.Clients)];

    /// <summary>Where the draws of one client in one round come from.</summary>
    public RandomKey KeyOf(RoundPlan plan, int client) => key.Fold("client").Fold((ulong)plan.Round).Fold((ulong)plan.Attempt).Fold((ulong)client);

    /// <summary>
    /// Lets every participant train and encode. Results are delivered one at a time and in the order of the participants,
    /// whatever the threads do: with over-selection the order decides who counts.
    /// </summary>
    public void Run(RoundPlan plan, ReadOnlyMemory<float> received, Action<int, ClientResult> deliver)
    {
        var results = new ClientResult?[plan.Participants.Count];
        int next = 0;
        var gate = new Lock();
        try
        {
            var order = Partitioner.Create(LongestFirst(plan.Participants), EnumerablePartitionerOptions.NoBuffering);
            Parallel.ForEach(order, new ParallelOptions { MaxDegreeOfParallelism = options.Threads }, index =>
            {
                var result = Work(plan, plan.Participants[index], received);
                lock (gate)
                {
                    results[index] = result;
                    for (; next < results.Length && results[next] is { } ready; next++)
                    {
                        deliver(plan.Participants[next], ready);
                        results[next] = ready.Delivered;
                    }
                }
            });
        }
        catch (AggregateException failures)
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }

    // With the most work first the threads end together. Only within a window: results wait for those before them, and
    // what waits takes memory.
    IEnumerable<int> LongestFirst(IReadOnlyList<int> participants) => Enumerable.Range(0, participants.Count)
        .Chunk(8 * options.Threads)
        .SelectMany(window => window.OrderByDescending(index => samples[participants[index]]));

    ClientResult Work(RoundPlan plan, int client, ReadOnlyMemory<float> received)
    {
        var clientKey = KeyOf(plan, client);
        if (clientKey.Fold("drop-out").Uniform(0) < options.DropOut)
            return ClientResult.None;
        if (!idle.TryTake(out var work))
            work = new ClientWork(learner, uplink, learner.Layout, keepUpdates);
        var result = work.Run(new LocalTask(plan.Round, client, received, options.Plan.Objective, clientKey), residuals, CancellationToken.None);
        samples[client] = result.Outcome.Samples;
        idle.Add(work);
        if (result.Payload.Length > 0 && clientKey.Fold("corruption").Uniform(0) < options.Corruption)
            Corrupt(result.Payload, new RandomDraws(clientKey.Fold("corruption")));
        return result;
    }

    static void Corrupt(byte[] payload, RandomDraws draws)
    {
        for (int flips = 1 + draws.NextInt(8); flips > 0; flips--)
            payload[draws.NextInt(payload.Length)] ^= (byte)(1 << draws.NextInt(8));
    }
}

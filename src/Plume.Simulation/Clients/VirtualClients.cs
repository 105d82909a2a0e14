using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Federation.SecureSums;

namespace Plume.Simulation.Clients;

/// <summary>A round's participants, at work side by side on a number of threads.</summary>
sealed class VirtualClients(SimulationOptions options, ILearner learner, Codec encodes, ClientMemories memories, RandomKey key,
    ClientLink[]? links, TimeProvider time, bool keepUpdates)
{
    // Keys are not signed, so there is no trip of consistency.
    static readonly SumPhase[] Trips = [SumPhase.Keys, SumPhase.Shares, SumPhase.Masked, SumPhase.Unmasking];

    // By capacity and codec.
    readonly ConcurrentDictionary<(int, Codec), ConcurrentBag<Participant>> idle = [];

    // How much work each client was; one that was not asked yet may be the largest.
    readonly int[] samples = [.. Enumerable.Repeat(int.MaxValue, options.Plan.Clients)];

    /// <summary>
    /// Lets every participant train and encode. Results are delivered one at a time and in the order of the participants,
    /// whatever the threads do: with over-selection the order decides who counts.
    /// </summary>
    /// <param name="plan">The round.</param>
    /// <param name="received">What was published to a client.</param>
    /// <param name="secure">The secure sum that a client is asked for; null where updates travel by themselves.</param>
    /// <param name="mostBytes">What a client's update may take; null where nothing bounds it.</param>
    /// <param name="deliver">Takes a client's result.</param>
    public void Run(RoundPlan plan, Func<int, ReadOnlyMemory<float>> received, Func<int, SecureRound>? secure,
        Func<int, long?> mostBytes, Action<int, ClientResult> deliver)
    {
        // Another step is another codec.
        if (secure is not null && plan.Participants.Any(client => !idle.ContainsKey(PoolOf(client, secure(client)))))
            idle.Clear();
        var results = new ClientResult?[plan.Participants.Count];
        int next = 0;
        var gate = new Lock();
        try
        {
            var parties = Enumerable.Range(0, plan.Participants.Count)
                .ToLookup(index => options.WorksLast?.Invoke(plan.Participants[index]) ?? false);
            Finish(parties[false]);
            Finish(parties[true]);
        }
        catch (AggregateException failures)
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }

        void Finish(IEnumerable<int> party)
        {
            var order = Partitioner.Create(LongestFirst(plan.Participants, [.. party]), EnumerablePartitionerOptions.NoBuffering);
            Parallel.ForEach(order, new ParallelOptions { MaxDegreeOfParallelism = options.Threads }, index =>
            {
                int client = plan.Participants[index];
                var result = Work(plan.PartOf(client), received(client), secure?.Invoke(client), plan, mostBytes(client));
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
    }

    /// <summary>Lets clients train and encode, side by side, each what it received.</summary>
    /// <returns>What came of it, in the same order.</returns>
    public ClientResult[] Work(IReadOnlyList<(RoundPart Part, ReadOnlyMemory<float> Received)> tasks)
    {
        var results = new ClientResult[tasks.Count];
        try
        {
            Parallel.ForEach(Partitioner.Create(LongestFirst([.. tasks.Select(task => task.Part.Client)],
                [.. Enumerable.Range(0, tasks.Count)]), EnumerablePartitionerOptions.NoBuffering),
                new ParallelOptions { MaxDegreeOfParallelism = options.Threads },
                index => results[index] = Work(tasks[index].Part, tasks[index].Received, secure: null));
        }
        catch (AggregateException failures)
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }

        return results;
    }

    // With the most work first the threads end together. Only within a window: results wait for those before them, and
    // what waits takes memory.
    IEnumerable<int> LongestFirst(IReadOnlyList<int> participants, int[] party) => party
        .Chunk(8 * options.Threads)
        .SelectMany(window => window.OrderByDescending(index => samples[participants[index]]));

    (int Capacity, Codec Encodes) PoolOf(int client, SecureRound? secure) =>
        (options.Plan.Method.CapacityOf(client), secure?.Uplink ?? encodes);

    static SumTask SumOf(SecureRound secure) => new(secure.Shared, secure.Task.WeightOf)
    {
        WithNoise = (payload, task) => secure.WithNoise(payload, SecureRound.SimulatedNoise(task)),
    };

    ClientResult Work(RoundPart part, ReadOnlyMemory<float> received, SecureRound? secure, RoundPlan? plan = null,
        long? mostBytes = null)
    {
        int client = part.Client;
        var clientKey = DrawKeys.Task(key, part);
        var lost = clientKey.Fold("drop-out");
        bool vanishes = lost.Uniform(0) < (links?[client].DropOut ?? options.DropOut);
        // During a secure sum in any of its trips alike; elsewhere after the download.
        SumPhase? phase = vanishes ? secure is null ? SumPhase.Keys : Trips[(int)(Trips.Length * lost.Uniform(1))] : null;
        if (phase == SumPhase.Keys)
            return ClientResult.Vanished;
        var of = PoolOf(client, secure);
        var pool = idle.GetOrAdd(of, static _ => []);
        var own = learner.Of(client);
        if (!pool.TryTake(out var work))
            work = new Participant(own, options.Plan.Method, of.Encodes);
        var memory = new float[memories.LengthOf(client)];
        memories.Load(client, memory);
        long begun = time.GetTimestamp();
        var task = new LocalTask(part.Round, client, received, options.Plan.ObjectiveIn(part.Round), clientKey)
        {
            Clip = plan is null ? null : options.Plan.ClipIn(plan),
            Step = plan is null ? null : options.Plan.StepIn(plan),
            MostBytes = mostBytes,
        };
        var update = work.Run(task, memory, CancellationToken.None, secure is null ? null : SumOf(secure));
        var result = new ClientResult(update, keepUpdates ? options.Plan.Method.UpdateIn(own.Layout, work.Message)
            : [], time.GetElapsedTime(begun).TotalSeconds)
        { LostBefore = phase };
        samples[client] = update.Outcome.Samples;
        pool.Add(work);
        if (update.Payload.Length > 0 && clientKey.Fold("corruption").Uniform(0) < options.Corruption)
            Corrupt(update.Payload, new RandomDraws(clientKey.Fold("corruption")));
        return result;
    }

    static void Corrupt(byte[] payload, RandomDraws draws)
    {
        for (int flips = 1 + draws.NextInt(8); flips > 0; flips--)
            payload[draws.NextInt(payload.Length)] ^= (byte)(1 << draws.NextInt(8));
    }
}

/// <summary>What came of a virtual client's work.</summary>
/// <param name="Sent">What it sends.</param>
/// <param name="Update">The update before feedback and codec; empty where nobody wants to see it.</param>
/// <param name="Seconds">Wall time of the work.</param>
sealed record ClientResult(EncodedUpdate Sent, float[] Update, double Seconds)
{
    /// <summary>The trip of a secure sum before which the client vanishes; null where it does not.</summary>
    public SumPhase? LostBefore { get; init; }

    /// <summary>Of a client that vanished.</summary>
    public static ClientResult Vanished { get; } = new(new EncodedUpdate([], new LocalOutcome(0, 0), [], ""), [], 0);

    /// <summary>What is left to remember once the result was delivered.</summary>
    public ClientResult Delivered => new(Sent with { Payload = [], Memory = [] }, [], Seconds);
}

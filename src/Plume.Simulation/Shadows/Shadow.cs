using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Simulation.Clients;

namespace Plume.Simulation.Shadows;

/// <summary>
/// The same federation with other codecs, as far as it can be known without training once more: each update of the run is
/// encoded by the other line, with residuals of its own, added up, made into a model of its own by the run's optimizer, and
/// published by the other downlink. Changes no bit of the run.
/// </summary>
/// <remarks>
/// Bytes are those of payloads that were really encoded. Clients train from the run's model, not from the shadow's, so what the
/// line loses is not made up for by what they learn next: of a line that loses much the shadow's model is worse than that of a
/// run by the line, unless some train from it, too (<see cref="ShadowLine.Trains"/>). Memory: a model, a sum and what the
/// optimizer remembers, and each client's residual.
/// </remarks>
public sealed class Shadow : IDisposable
{
    readonly FederationPlan plan;
    readonly RandomKey key;
    readonly ClientLink[]? links;
    readonly MessageShape shape;
    readonly MessageEncoder encoder;
    readonly GlobalModel global;
    readonly RoundSum sum;
    readonly ClientMemories memories;
    readonly ClientCost[] costs;
    readonly int[] versions;
    readonly float[] initial;
    readonly SampledTraining? training;
    readonly Func<ReadOnlyMemory<float>, ReadOnlyMemory<float>> referenceOf;
    readonly List<ShadowRound> rounds = [];
    readonly Dictionary<int, (byte[] Payload, float[] Memory)> answers = [];
    readonly List<double> norms = [];
    RoundPlan current = FederationState.Initial.Current;
    RoundCosts roundCosts;
    long uplinkBytes;

    internal Shadow(SimulationOptions options, ShadowLine line, ILearner learner, float[] initial, RandomKey key,
        ClientLink[]? links, Func<int, float[]> memoryOf)
    {
        var layout = learner.Layout;
        (Line, plan, this.initial, this.key, this.links) = (line, line.In(options.Plan), initial, key, links);
        shape = plan.Answer(layout);
        encoder = new MessageEncoder(shape);
        global = new GlobalModel(plan, layout, initial, options.Server, key, options.Threads,
            options.HistoryMemory / options.Shadows.Count);
        sum = new RoundSum(plan, layout, key, plan.MostContributors);
        memories = new ClientMemories(_ => shape.MemoryLength, shape.MemoryLength,
            options.ClientMemory / options.Shadows.Count, options.SpillFolder);
        (costs, versions) = (new ClientCost[plan.Clients], new int[plan.Clients]);
        referenceOf = published => shape.UsesReference ? plan.Method.Reference(layout, published) : default;
        training = line.Trains == 0 ? null : new SampledTraining(plan, learner, key, memoryOf, line.Trains);
        roundCosts = NewCosts();
    }

    /// <summary>Its codecs.</summary>
    public ShadowLine Line { get; }

    /// <summary>The rounds so far.</summary>
    public IReadOnlyList<ShadowRound> Rounds => rounds;

    /// <summary>What each client would have received and sent so far; its seconds are the run's.</summary>
    public IReadOnlyList<ClientCost> Costs => costs;

    /// <summary>The model that clients would see.</summary>
    public ReadOnlyMemory<float> Published => global.Weights;

    /// <summary>Begins a round, or another attempt at it: its participants receive the newest version.</summary>
    internal void Begin(RoundPlan round)
    {
        if (round.Attempt == 1)
            (roundCosts, uplinkBytes) = (NewCosts(), 0);
        else
            roundCosts.TryAgain();
        answers.Clear();
        norms.Clear();
        // What presses on versions of the run has nothing to say of its own.
        current = round with { Spread = global.Spread ?? current.Spread, ModelStep = null, MostPayload = null };
        sum.Begin(round, _ => global.Broadcast.Published);
        foreach (int client in round.Participants)
        {
            roundCosts.Download(client, global.Broadcast.From(versions[client]).Length);
            versions[client] = global.Broadcast.Version;
        }

        training?.Train(round, global.Broadcast.Published);
    }

    /// <summary>Encodes what a participant made; whether it counts is told later.</summary>
    /// <param name="part">Of which task.</param>
    /// <param name="update">Its update before feedback and codec; empty where it has none.</param>
    /// <param name="seconds">Wall time of its work.</param>
    internal void Answer(RoundPart part, float[] update, double seconds)
    {
        int length = 0;
        if (update.Length > 0)
        {
            var memory = new float[shape.MemoryLength];
            memories.Load(part.Client, memory);
            update = training?.Correct(part.Client, update) ?? update;
            byte[] payload = encoder.Encode(update, DrawKeys.Update(DrawKeys.Task(key, part)), memory,
                referenceOf(global.Broadcast.Published), step: plan.StepIn(current)).ToArray();
            answers[part.Client] = (payload, memory);
            length = payload.Length;
        }

        uplinkBytes += length;
        roundCosts.Answer(part.Client, 0, seconds, length, DrawKeys.Task(key, part));
    }

    /// <summary>Lets a participant's answer count.</summary>
    internal void Add(RoundPart part, double weight)
    {
        var (payload, memory) = answers[part.Client];
        norms.Add(sum.Add(part, weight, payload));
        memories.Commit(part.Client, memory);
    }

    /// <summary>Makes and publishes the next version.</summary>
    /// <param name="round">The round.</param>
    /// <param name="contributors">Who counts.</param>
    /// <param name="weights">What their updates weigh together.</param>
    /// <param name="run">What the run has published.</param>
    internal void Apply(int round, IReadOnlyList<int> contributors, IReadOnlyList<double> weights, ReadOnlySpan<float> run)
    {
        if (contributors.Count == 0)
            global.Pass();
        else
            global.Apply(sum.Sum, weights, contributors.Count, norm: NormBound.LowerMedian(norms), round: current);
        rounds.Add(new ShadowRound(round, uplinkBytes, roundCosts.DownlinkBytes, DistanceTo(run))
        {
            LinkSeconds = roundCosts.LinkSeconds(contributors),
        });
    }

    RoundCosts NewCosts() => new(links, costs, 1);

    // In one order, so that every instruction set says the same.
    double DistanceTo(ReadOnlySpan<float> run)
    {
        var own = global.Weights.Span;
        double apart = 0, way = 0;
        for (int i = 0; i < run.Length; i++)
        {
            double difference = (double)own[i] - run[i], moved = (double)run[i] - initial[i];
            apart += difference * difference;
            way += moved * moved;
        }

        return way == 0 ? 0 : Math.Sqrt(apart / way);
    }

    /// <summary>Deletes the file of residuals, if there is one.</summary>
    public void Dispose() => memories.Dispose();
}

/// <summary>What a round would have cost by other codecs.</summary>
/// <param name="Round">The round, from 1.</param>
/// <param name="UplinkBytes">What all clients that answered would have sent.</param>
/// <param name="DownlinkBytes">What all participants would have received.</param>
/// <param name="Distance">How far its model would be from the run's, as a share of the way that the run's has gone from the
/// initial one.</param>
public sealed record ShadowRound(int Round, long UplinkBytes, long DownlinkBytes, double Distance)
{
    /// <summary>Seconds that the round would take on the clients' links; null where there are none.</summary>
    public double? LinkSeconds { get; init; }
}

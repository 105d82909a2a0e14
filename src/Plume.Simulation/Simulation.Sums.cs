using System.Numerics.Tensors;
using Plume.Federation.Books;
using Plume.Federation.Privacy;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Federation.SecureSums;

namespace Plume.Simulation;

/// <summary>How a round goes whose updates are added up in secret, and what a server reads either way.</summary>
public sealed partial class Simulation
{
    void BeginSum(RoundPlan plan)
    {
        exchange?.Dispose();
        if (!uplink.IsSecure)
            return;
        var rounds = SecureRound.AllOf(SecureTask.AllOf(options.Plan, key, plan, plan.SharedStep ?? firstStep), options.Plan,
            learner.Layout, capacity => global.Broadcasts[capacity].Published);
        exchange = new SecureExchange(new GroupSums(rounds, options.Plan), roundCosts, secrets, options.Threads);
    }

    // Of a secure sum: all trips but the last, once all updates are made.
    void Gather(RoundPlan plan, SecureExchange gathered)
    {
        foreach (var (client, problem) in gathered.Prepare(options.Plan.WantedOf(plan.Participants.Count)))
            Tell(new ClientDropped(client) { Problem = problem });
        // Where nobody is left the round is tried again already.
        if (gathered.IsEmpty)
            return;
        try
        {
            Tell(new SumClosed(gathered.Close(), []) { Length = NewSumBytes() });
        }
        catch (SumLostException lost)
        {
            Tell(new SumLost(lost.Message) { Length = NewSumBytes() });
        }
    }

    long NewSumBytes()
    {
        long before = toldSumBytes;
        toldSumBytes = roundCosts.SumBytes;
        return toldSumBytes - before;
    }

    // The last trip; null where the sum is lost, and the round passes.
    RoundMetrics? Unmasked(ApplyMean apply)
    {
        RevealedSums revealed;
        SumOutcome outcome;
        try
        {
            revealed = exchange!.Unmask();
            outcome = SumOutcome.Of(revealed, options.Plan, learner.Layout, books.State.Current, sum.Sum);
        }
        catch (SumLostException lost)
        {
            Tell(new SumLost(lost.Message) { Length = NewSumBytes() });
            return null;
        }

        ReadSums(apply.Round, revealed);
        foreach (var (client, memory) in exchange.Memories)
            memories.Commit(client, memory);
        Tell(new SumRevealed(revealed.Norm, exchange.RoundOf(apply.Contributors[0]).NextStep(revealed.Fill))
        {
            Loss = revealed.Loss,
            Length = NewSumBytes(),
            Note = exchange.NoteOn(outcome),
            LeftOut = exchange.LeftOut,
        });
        return ApplyMean(apply, () =>
        {
            outcome.Apply(global, options.Plan.Privacy is null ? null : NoiseSecret.FromSeed(options.Seed));
            return outcome.Notes;
        });
    }

    void ReadUpdate(int round, int client, byte[] payload)
    {
        if (options.Reader is not { } reader)
            return;
        var message = new float[options.Plan.Answer(learner.Layout).Length];
        sum.Decode(client, payload, message);
        reader(round, [client], options.Plan.Method.UpdateIn(learner.Layout, message));
    }

    void ReadSums(int round, RevealedSums revealed)
    {
        if (options.Reader is not { } reader)
            return;
        foreach (var group in revealed.Groups)
        {
            var mean = new float[group.Sum.Values.Length];
            TensorPrimitives.Divide(group.Sum.Values, (float)group.Sum.Weight, mean);
            reader(round, [.. group.Clients], options.Plan.Method.UpdateIn(learner.Layout, mean));
        }
    }
}

using System.Numerics.Tensors;
using Plume.Federation.Books;
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
        var task = SecureTask.Of(options.Plan, key, plan, plan.SharedStep ?? firstStep);
        secure = new SecureRound(task, options.Plan.Method, uplink, learner.Layout, global.Broadcast.Published.Span);
        exchange = new SecureExchange(secure, roundCosts, secrets, options.Threads);
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
        BoundedSum bounded;
        try
        {
            bounded = BoundedSum.Of(exchange!.Unmask(), options.Plan, books.State.Current);
            bounded.AddTo(sum.Sum);
        }
        catch (SumLostException lost)
        {
            Tell(new SumLost(lost.Message) { Length = NewSumBytes() });
            return null;
        }

        var revealed = bounded.Revealed;
        ReadSum(apply, revealed);
        foreach (var (client, memory) in exchange.Memories)
            memories.Commit(client, memory);
        Tell(new SumRevealed(revealed.MeanNorm, secure!.NextStep(revealed))
        {
            Loss = revealed.Loss,
            Length = NewSumBytes(),
            Note = bounded.Note,
        });
        return ApplyMean(apply, [revealed.Weight]);
    }

    void ReadUpdate(int round, int client, byte[] payload)
    {
        if (options.Reader is not { } reader)
            return;
        var message = new float[options.Plan.Answer(learner.Layout).Length];
        sum.Decode(client, payload, message);
        reader(round, [client], options.Plan.Method.UpdateIn(learner.Layout, message));
    }

    void ReadSum(ApplyMean apply, RevealedSum revealed)
    {
        if (options.Reader is not { } reader)
            return;
        var mean = new float[revealed.Values.Length];
        TensorPrimitives.Divide(revealed.Values, (float)revealed.Weight, mean);
        reader(apply.Round, [.. apply.Contributors], options.Plan.Method.UpdateIn(learner.Layout, mean));
    }
}

using Plume.Compression.Aggregation;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Methods;

/// <summary>Clients that come to what they are told, as far as it is trained.</summary>
sealed class Told(ModelLayout layout, Func<LocalTask, int, float> to) : ILearner
{
    public ModelLayout Layout => layout;

    public bool KeepsUntrained { get; init; } = true;

    public bool LearnsMasks { get; init; } = true;

    /// <summary>Lengths of the payloads that were sent.</summary>
    public List<int> Sent { get; } = [];

    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        for (int i = 0; i < trained.Length; i++)
            trained[i] = task.Trained.IsEmpty || task.Trained.Span[i] == 1 ? to(task, i) : task.Received.Span[i];
        return new LocalOutcome(10 * (task.Client + 1), 0);
    }

    /// <summary>The server's model after each round.</summary>
    public IEnumerable<GlobalModel> Run(FederationPlan plan, float[] initial, ServerOptimizer? optimizer = null)
    {
        var model = new GlobalModel(plan, layout, initial, optimizer
            ?? new FedAvg(), default, threads: 1, historyMemory: 1 << 20);
        var uplink = plan.Uplink;
        var decoder = new MessageDecoder(plan.Answer(layout));
        float[][] memories = [.. Enumerable.Range(0, plan.Clients)
            .Select(_ => new float[Participant.MemoryLength(this, plan.Method, uplink)])];
        for (int round = 1; round <= plan.Rounds; round++)
        {
            var sum = new ExactSum(plan.Answer(layout).Length, plan.Clients);
            var reference = plan.Answer(layout).UsesReference ? plan.Method.Reference(layout, model.Broadcast.Published)
                : default;
            for (int client = 0; client < plan.Clients; client++)
            {
                var key = RandomKey.FromSeed(1).Fold((ulong)round).Fold((ulong)client);
                var sent = new Participant(this, plan.Method, uplink)
                    .Run(new LocalTask(round, client, model.Broadcast.Published, plan.Objective, key), memories[client], default);
                Assert.Null(sent.Problem);
                Sent.Add(sent.Payload.Length);
                decoder.AddTo(sent.Payload, sum, plan.WeightOf(sent.Outcome.Samples), DrawKeys.Update(key), reference);
            }

            model.Apply(sum, [Enumerable.Range(0, plan.Clients).Sum(client => plan.WeightOf(10 * (client + 1)))], plan.Clients);
            yield return model;
        }
    }
}

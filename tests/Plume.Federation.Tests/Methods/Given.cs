using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Models;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Methods;

/// <summary>Clients whose updates are given, one for each.</summary>
sealed class Given(float[][] updates) : ILearner
{
    public ModelLayout Layout { get; } = ModelLayout.Of([("x", [updates[0].Length], TensorRole.Weight)]);

    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        for (int i = 0; i < trained.Length; i++)
            trained[i] = task.Received.Span[i] + updates[task.Client][i];
        return new LocalOutcome(1, 0);
    }

    /// <summary>The model after one round, from zeros.</summary>
    public float[] Run(string training, string uplink = "pack")
    {
        var plan = new FederationPlan(updates.Length, 1, updates.Length, new LocalObjective(1, 1, 0.1), uplink, "pack") { Method = Method.Parse(training), SampleCap = 1 };
        var model = new GlobalModel(plan, Layout, new float[Layout.Length], new FedAvg(), default, threads: 1, historyMemory: 0);
        var sum = new ExactSum(plan.Answer(Layout).Length, updates.Length);
        var codec = Codec.Parse(uplink);
        for (int client = 0; client < updates.Length; client++)
        {
            var key = RandomKey.FromSeed(1).Fold((ulong)client);
            var sent = new Participant(this, plan.Method, codec).Run(new LocalTask(1, client, model.Broadcast.Published, plan.Objective, key), new float[Participant.MemoryLength(this, plan.Method, codec)], default);
            new MessageDecoder(plan.Answer(Layout)).AddTo(sent.Payload, sum, 1, DrawKeys.Update(key));
        }

        model.Apply(sum, updates.Length, updates.Length);
        return model.Weights.ToArray();
    }
}

using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Notation;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Methods;

/// <summary>Clients that change what they have by the same numbers in every round, each by its own.</summary>
sealed class Given(float[][] updates, params (string Name, int[] Shape)[] tensors) : ILearner
{
    public ModelLayout Layout { get; } = tensors.Length == 0
        ? ModelLayout.Of([("x", [updates[0].Length], TensorRole.Weight)])
        : ModelLayout.Of(tensors.Select(tensor => (tensor.Name, tensor.Shape, TensorRole.Weight)));

    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        for (int i = 0; i < trained.Length; i++)
            trained[i] = task.Received.Span[i] + updates[task.Client][i];
        return new LocalOutcome(1, 0) { Steps = 1 };
    }

    public FederationPlan Plan(string training) =>
        new(updates.Length, 100, updates.Length, new LocalObjective(1, 1, 0.1), Codec.Floats, Codec.Floats)
        {
            Method = MethodNotation.Parse(training),
            SampleCap = 1,
        };

    /// <summary>
    /// The server's model after some rounds, from zeros or a model, that of each client, and what codecs refer to.
    /// </summary>
    public (float[] Model, float[][] Own, float[] Reference) Run(string training, int rounds = 1, float[]? initial = null)
    {
        var plan = Plan(training);
        var model = new GlobalModel(plan, Layout, initial
            ?? new float[Layout.Length], new FedAvg(), default, threads: 1, historyMemory: 0);
        var (shape, codec) = (plan.Answer(Layout), plan.Uplink);
        float[][] memories = [.. updates.Select(_ => new float[Participant.MemoryLength(this, plan.Method, codec)])];
        for (int round = 1; round <= rounds; round++)
        {
            var sum = new ExactSum(shape.Length, updates.Length);
            for (int client = 0; client < updates.Length; client++)
            {
                var task = new LocalTask(round, client, model.Broadcast.Published, plan.Objective, RandomKey.FromSeed(1)
                    .Fold((ulong)client));
                var sent = new Participant(this, plan.Method, codec).Run(task, memories[client], default);
                var reference = shape.UsesReference ? plan.Method.Reference(Layout, model.Broadcast.Published) : default;
                new MessageDecoder(shape).AddTo(sent.Payload, sum, 1, DrawKeys.Update(task.Key), reference);
            }

            model.Apply(sum, [updates.Length], updates.Length);
        }

        return (model.Weights.ToArray(),
            [.. memories.Select(memory =>
                plan.Method.ModelOf(Layout, model.Broadcast.Published, memory.AsSpan(shape.MemoryLength)).ToArray())],
                plan.Method.Reference(Layout, model.Broadcast.Published).ToArray());
    }
}

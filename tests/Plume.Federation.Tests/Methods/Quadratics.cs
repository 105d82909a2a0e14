using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Notation;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Methods;

/// <summary>
/// Two clients with one weight each, 0.5 (x - 1)^2 and 2 (x + 1)^2, and gradient descent on it: the methods' values can be worked
/// out by hand. The optimum of the mean is -0.6.
/// </summary>
sealed class Quadratics(string method, params int[] steps) : ILearner
{
    /// <summary>Steps after which a client is at its optimum.</summary>
    public const int Exact = 1000;

    static readonly (double Curvature, double Place)[] Losses = [(1, 1), (4, -1)];

    public ModelLayout Layout { get; } = ModelLayout.Of([("x", [1], TensorRole.Weight)]);

    public bool TakesCorrections => true;

    public FederationPlan Plan { get; } = new(2, 1000, 2, new LocalObjective(2, 1, 0.1), Codec.Floats, Codec.Floats)
    {
        Method = MethodNotation.Parse(method),
        SampleCap = 1,
    };

    public int StepsFor(LocalTask task) => StepsOf(task.Client);

    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        var (curvature, place) = Losses[task.Client];
        double at = task.Received.Span[0], start = at;
        int taken = StepsOf(task.Client);
        for (int step = 0; step < taken; step++)
            at -= task.Objective.LearningRate
                * (curvature * (at - place) + (task.Correction.IsEmpty ? 0 : task.Correction.Span[0]) + task.Objective.Proximal
                    * (at - start));
        trained[0] = (float)at;
        return new LocalOutcome(1, 0) { Steps = taken };
    }

    // Two, one number for both, or one for each.
    int StepsOf(int client) => steps.Length == 0 ? 2 : steps[client % steps.Length];

    /// <summary>All that was published after each round, from a model at 0.</summary>
    public IEnumerable<float[]> Run(int rounds)
    {
        var model = new GlobalModel(Plan, Layout, [0f], new FedAvg(), default, threads: 1, historyMemory: 0);
        var decoder = new Compression.Messages.MessageDecoder(Plan.Answer(Layout));
        float[][] memories = [.. Losses.Select(_ =>
            new float[Participant.MemoryLength(this, Plan.Method, Plan.Uplink)])];
        for (int round = 1; round <= rounds; round++)
        {
            var sum = new ExactSum(Plan.Answer(Layout).Length, Losses.Length);
            for (int client = 0; client < Losses.Length; client++)
            {
                var key = RandomKey.FromSeed(1).Fold((ulong)round).Fold((ulong)client);
                var sent = new Participant(this, Plan.Method, Plan.Uplink)
                    .Run(new LocalTask(round, client, model.Broadcast.Published, Plan.Objective, key), memories[client], default);
                Assert.Null(sent.Problem);
                decoder.AddTo(sent.Payload, sum, 1, DrawKeys.Update(key));
            }

            model.Apply(sum, [Losses.Length], Losses.Length);
            yield return model.Broadcast.Published.ToArray();
        }
    }
}

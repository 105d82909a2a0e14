using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Learning.Data;
using Plume.Models.Zoo;
using Plume.Simulation;

namespace Plume.Learning.Tests;

/// <summary>One client of twenty that sends its update times a number, on real data: the accuracy that is left.</summary>
public class HostileClientTests
{
    const int Liar = 3;
    const int Rounds = 25;
    const double TwoPoints = 0.02;

    [Fact]
    public void One_hostile_client_of_twenty_costs_at_most_two_points_whatever_its_scale_or_sign()
    {
        double calm = Accuracy(times: 1);
        Assert.All(new[] { -1f, -10, 10, -1000, 1e6f }, times => Assert.InRange(Accuracy(times), calm - TwoPoints, 1));
    }

    [Fact]
    public void Without_the_bound_it_would_cost_most_of_the_accuracy() =>
        Assert.InRange(Accuracy(times: -100, bound: null), 0, 0.6);

    static double Accuracy(float times) => Accuracy(times, new NormBound(NormBound.DefaultFactor));

    static double Accuracy(float times, NormBound? bound)
    {
        var (train, test) = Digits.Load();
        var key = RandomKey.FromSeed(5);
        var graph = ModelZoo.Build("logistic", train.SampleShape, train.Classes, key.Fold("model"));
        var deal = Plume.Learning.Partition.Partition.Parse("dirichlet(1)").Deal(train, 20, key.Fold("partition"));
        var plan = new FederationPlan(20, Rounds, 10, new LocalObjective(3, 16, 0.1),
            Codec.Parse("feedback | topk(20%) | uniform(4) | rans"),
            Codec.Parse("delta | topk(30%) | uniform(4) | rans"))
        {
            SampleCap = deal.Clients.Max(samples => samples.Length),
            NormBound = bound,
        };
        using var learner = new GraphLearner(graph, train, deal.Clients);
        using var evaluator = new GraphEvaluator(graph, test, threads: 2);
        using var simulation = new Simulation.Simulation(new SimulationOptions(plan, Seed: 5) { EvaluateEvery = Rounds },
            new Lying(learner, times), evaluator, graph.ToWeights().Values, TimeProvider.System);
        while (simulation.NextRound() is not null)
        {
        }

        return simulation.Metrics[^1].Accuracy!.Value;
    }

    sealed class Lying(ILearner honest, float times) : ILearner
    {
        public ModelLayout Layout => honest.Layout;

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
        {
            var outcome = honest.Train(task, trained, cancellation);
            for (int i = 0; i < trained.Length && task.Client == Liar; i++)
                trained[i] = task.Received.Span[i] + times * (trained[i] - task.Received.Span[i]);
            return outcome;
        }
    }
}

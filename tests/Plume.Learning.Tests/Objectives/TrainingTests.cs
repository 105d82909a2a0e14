using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Models.Building;
using Plume.Models.Graph;
using Plume.Models.Zoo;

namespace Plume.Learning.Tests.Objectives;

public class TrainingTests
{
    const int Inputs = 3;
    const int Classes = 2;

    // Two samples: each step is one full batch, so that a step can be computed by hand.
    static readonly LabeledSet Two = new("two", [0.5f, -1, 2, 1, 0.25f, -0.5f], [Inputs], [0, 1], Classes);
    static readonly ModelGraph Logistic = new GraphBuilder([Inputs], RandomKey.FromSeed(1)).Dense("fc", Classes)
        .Build("logistic");

    [Fact]
    public void A_step_of_sgd_is_the_one_computed_by_hand()
    {
        double[] w = Weights(), g = Gradient(w);
        AssertStep(Objective(1), Step(w, g, (value, gradient) => value - 0.1 * gradient));
    }

    [Fact]
    public void Momentum_and_weight_decay_are_those_of_the_formula()
    {
        double[] w = Weights(), v = new double[w.Length];
        for (int epoch = 0; epoch < 3; epoch++)
        {
            double[] g = Gradient(w);
            for (int i = 0; i < w.Length; i++)
            {
                // The last values are biases, which do not decay.
                v[i] = 0.9 * v[i] + g[i] + (i < Classes * Inputs ? 0.05 * w[i] : 0);
                w[i] -= 0.1 * v[i];
            }
        }

        AssertStep(Objective(3) with { Momentum = 0.9, WeightDecay = 0.05 }, w);
    }

    [Fact]
    public void Adam_is_the_published_one()
    {
        double[] w = Weights(), m = new double[w.Length], v = new double[w.Length];
        for (int step = 1; step <= 3; step++)
        {
            double[] g = Gradient(w);
            for (int i = 0; i < w.Length; i++)
            {
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
                w[i] -= 0.1 * (m[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, step))) + 1e-8);
            }
        }

        AssertStep(Objective(3) with { Optimizer = LocalOptimizer.Adam }, w);
    }

    [Fact]
    public void The_proximal_term_pulls_towards_the_received_model()
    {
        double[] received = Weights(), w = Weights();
        for (int step = 0; step < 3; step++)
        {
            double[] g = Gradient(w);
            for (int i = 0; i < w.Length; i++)
                w[i] -= 0.1 * (g[i] + 2 * (w[i] - received[i]));
        }

        AssertStep(Objective(3) with { Proximal = 2 }, w);
    }

    [Fact]
    public void The_gradient_of_a_convolutional_network_is_that_of_finite_differences()
    {
        var (train, _) = Digits.Load();
        var graph = new GraphBuilder([1, 8, 8], RandomKey.FromSeed(2)).Conv("conv", channels: 3, kernel: 3, padding: 1).Tanh()
            .AveragePool(2).Flatten().Dense("fc", 10).Build("small");
        int[] samples = [.. Enumerable.Range(0, 16)];
        float[] weights = graph.ToWeights().Values;
        const float rate = 1e-3f;
        using var learner = new GraphLearner(graph, train, [samples]);
        var trained = new float[weights.Length];
        learner.Train(new LocalTask(1, 0, weights, new LocalObjective(1, samples.Length, rate), RandomKey.FromSeed(1)), trained,
            TestContext.Current.CancellationToken);
        using var evaluator = new GraphEvaluator(graph, train.Take("same", samples));
        foreach (int place in new[] { 0, 13, 28, weights.Length / 2, weights.Length - 1 })
        {
            double slope = (Loss(place, 0.01f) - Loss(place, -0.01f)) / 0.02;
            Assert.Equal(slope, (weights[place] - trained[place]) / rate, 2e-3 + 0.02 * Math.Abs(slope));
        }

        double Loss(int place, float change)
        {
            float[] moved = [.. weights];
            moved[place] += change;
            return evaluator.Evaluate(moved, TestContext.Current.CancellationToken).Loss;
        }
    }

    [Fact]
    public void Clients_side_by_side_get_the_bits_that_they_get_one_by_one()
    {
        var (train, _) = Digits.Load();
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(3));
        int[][] clients = [.. Enumerable.Range(0, 8).Select(client => Enumerable.Range(client * 100, 60 + client * 5).ToArray())];
        using var learner = new GraphLearner(graph, train, clients);
        float[] received = graph.ToWeights().Values;
        var serial = clients.Select((_, client) => Train(client)).ToArray();
        var parallel = new float[clients.Length][];
        Parallel.For(0, clients.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 },
            client => parallel[client] = Train(client));
        Assert.Equal(serial, parallel);
        Assert.NotEqual(serial[0], Train(0, seed: 2));

        float[] Train(int client, ulong seed = 1)
        {
            var trained = new float[received.Length];
            var outcome = learner.Train(
                new LocalTask(1, client, received, new LocalObjective(2, 16, 0.1), RandomKey.FromSeed(seed).Fold((ulong)client)),
                trained, TestContext.Current.CancellationToken);
            Assert.Equal(clients[client].Length, outcome.Samples);
            return trained;
        }
    }

    [Fact]
    public void A_few_epochs_learn_the_digits_and_measuring_does_not_depend_on_threads()
    {
        var (train, test) = Digits.Load();
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(4));
        using var learner = new GraphLearner(graph, train, [[.. Enumerable.Range(0, train.Count)]]);
        var trained = new float[graph.Weights.Length];
        learner.Train(new LocalTask(1, 0, graph.ToWeights().Values, new LocalObjective(20, 16, 0.1), RandomKey.FromSeed(1)),
            trained, TestContext.Current.CancellationToken);
        using var one = new GraphEvaluator(graph, test);
        using var three = new GraphEvaluator(graph, test, threads: 3);
        var evaluation = one.Evaluate(trained, TestContext.Current.CancellationToken);
        Assert.InRange(evaluation.Accuracy, 0.93, 1);
        Assert.Equal(evaluation, three.Evaluate(trained, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Running_statistics_move_with_the_batches_and_take_no_weight_decay()
    {
        var graph = new GraphBuilder([Inputs, 1, 1], RandomKey.FromSeed(5)).BatchNorm("bn").Flatten().Dense("fc", Classes)
            .Build("normalized");
        var set = new LabeledSet("set", Two.Features, [Inputs, 1, 1], Two.Labels, Classes);
        using var learner = new GraphLearner(graph, set, [[0, 1]]);
        var trained = new ModelWeights(graph.Weights);
        learner.Train(new LocalTask(1, 0, graph.ToWeights().Values, Objective(1) with { WeightDecay = 0.5 },
            RandomKey.FromSeed(1)), trained.Values, TestContext.Current.CancellationToken);
        foreach (var tensor in graph.Weights.Tensors.Where(tensor => tensor.Role == TensorRole.Statistic))
        {
            bool isMean = graph.ToWeights()[tensor][0] == 0;
            for (int channel = 0; channel < Inputs; channel++)
            {
                double a = Two.Features[channel], b = Two.Features[Inputs + channel];
                double expected = isMean ? 0.1 * (a + b) / 2 : 0.9 + 0.1 * Math.Pow(a - b, 2) / 2;
                Assert.Equal(expected, trained[tensor][channel], 1e-5);
            }
        }
    }

    static LocalObjective Objective(int epochs) => new(epochs, BatchSize: 2, LearningRate: 0.1);

    static double[] Weights() => Array.ConvertAll(Logistic.ToWeights().Values, value => (double)value);

    static double[] Step(double[] w, double[] g, Func<double, double, double> step) => [.. w.Zip(g, step)];

    static void AssertStep(LocalObjective objective, double[] expected)
    {
        using var learner = new GraphLearner(Logistic, Two, [[0, 1]]);
        var trained = new float[expected.Length];
        learner.Train(new LocalTask(1, 0, Logistic.ToWeights().Values, objective, RandomKey.FromSeed(1)), trained,
            TestContext.Current.CancellationToken);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], trained[i], 2e-5);
    }

    // Mean cross-entropy of softmax(W x + b), weights first: d/dz = (p - y) / samples.
    static double[] Gradient(double[] w)
    {
        var gradient = new double[w.Length];
        for (int sample = 0; sample < Two.Count; sample++)
        {
            var x = Two[sample];
            var z = new double[Classes];
            for (int k = 0; k < Classes; k++)
            {
                z[k] = w[Classes * Inputs + k];
                for (int i = 0; i < Inputs; i++)
                    z[k] += w[k * Inputs + i] * x[i];
            }

            double sum = z.Sum(Math.Exp);
            for (int k = 0; k < Classes; k++)
            {
                double slope = (Math.Exp(z[k]) / sum - (Two.Labels[sample] == k ? 1 : 0)) / Two.Count;
                gradient[Classes * Inputs + k] += slope;
                for (int i = 0; i < Inputs; i++)
                    gradient[k * Inputs + i] += slope * x[i];
            }
        }

        return gradient;
    }
}

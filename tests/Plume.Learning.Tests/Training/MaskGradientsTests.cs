using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Exchanges;
using Plume.Learning.Data;
using Plume.Models.Zoo;

namespace Plume.Learning.Tests.Training;

public class MaskGradientsTests
{
    static readonly RandomKey Key = RandomKey.FromSeed(5);

    // Scores so sure that no draw is open: the weights are the frozen ones or zero, and a step's change of a score can be told
    // from that of a weight by plain training.
    [Fact]
    public void A_score_moves_by_the_gradient_of_its_weight_times_weight_and_slope()
    {
        var (train, _) = Digits.Load();
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, Key);
        using var learner = new GraphLearner(graph, train, [[.. Enumerable.Range(0, 40)]]);
        float[] frozen = new Masks(3).Frozen(graph.Weights), scores = graph.ToWeights().Values, weights = [.. scores],
            moved = new float[scores.Length], plain = new float[scores.Length];
        const float sure = 12;
        foreach (var tensor in graph.Weights.Tensors.Where(tensor => tensor.Role == TensorRole.Weight))
        {
            for (int i = tensor.Offset; i < tensor.Offset + tensor.Length; i++)
                (scores[i], weights[i]) = i % 3 == 0 ? (-sure, 0) : (sure, frozen[i]);
        }

        double slope = 1 / (1 + Math.Exp(-sure)) * (1 / (1 + Math.Exp(sure))), rate = 1e4;
        learner.Train(new LocalTask(1, 0, weights, new LocalObjective(1, 40, 1), Key), plain, default);
        learner.Train(new LocalTask(1, 0, scores, new LocalObjective(1, 40, rate), Key) { Masked = frozen }, moved, default);
        foreach (var tensor in graph.Weights.Tensors)
        {
            for (int i = tensor.Offset; i < tensor.Offset + tensor.Length; i++)
            {
                double expected = tensor.Role == TensorRole.Weight ? (plain[i] - weights[i]) * frozen[i] * slope * rate : 0;
                Assert.Equal(expected, moved[i] - scores[i], 2e-5 + 0.2 * Math.Abs(expected));
            }
        }
    }

    [Fact]
    public void Masks_of_random_weights_learn_the_digits_and_statistics_are_measured()
    {
        var (train, test) = Digits.Load();
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, Key);
        using var learner = new GraphLearner(graph, train, [[.. Enumerable.Range(0, train.Count)]]);
        using var evaluator = new GraphEvaluator(graph, test);
        var method = new Masks(3);
        float[] scores = new float[graph.Weights.Length];
        learner.Train(new LocalTask(1, 0, scores, new LocalObjective(6, 32, 0.1, LocalOptimizer.Adam),
            Key)
        { Masked = method.Frozen(graph.Weights) }, scores, default);
        float[] chances = [.. scores.Select(score => 1 / (1 + MathF.Exp(-score)))];
        Assert.InRange(evaluator.Evaluate(method.Model(graph.Weights, chances), default).Accuracy, 0.85, 1);
        Assert.All(graph.Weights.Tensors.Where(tensor => tensor.Role == TensorRole.Bias),
            tensor => Assert.All(scores[tensor.Offset..(tensor.Offset + tensor.Length)], value => Assert.Equal(0, value)));
    }
}

using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Training;
using Plume.Models.Zoo;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Tests.Training;

public class BalancedCrossEntropyTests
{
    static readonly RandomKey Key = RandomKey.FromSeed(1);

    [Fact]
    public void It_is_the_loss_of_a_set_in_which_each_class_stands_equally_often()
    {
        // Three of class 0 and one of class 2: weights 4/6 and 2, so that both sum to two of the four samples.
        var balanced = BalancedCrossEntropy.Of([0, 0, 0, 2], 3);
        Assert.Equal([2f / 3, 0, 2], balanced.Weights);
        float[,] scores = { { 1, 2, 3 }, { 0, 1, -1 }, { 2, 2, 1 }, { -1, 0, 1 } };
        float[,] repeated = { { 1, 2, 3 }, { 0, 1, -1 }, { 2, 2, 1 }, { -1, 0, 1 }, { -1, 0, 1 }, { -1, 0, 1 } };
        using var executor = new GraphExecutor(ModelZoo.Build("logistic", [4], 3, Key));
        using var scope = NewDisposeScope();
        Assert.Equal(Loss(new CrossEntropy(), repeated, [0, 0, 0, 2, 2, 2]), Loss(balanced, scores, [0, 0, 0, 2]), 1e-6);

        float Loss(ITrainingObjective objective, float[,] each, long[] labels) => objective.Loss(new TrainingBatch(executor,
            zeros(labels.Length, 4), tensor(labels), tensor(each), new int[labels.Length], 0)).ToSingle();
    }

    [Fact]
    public void A_client_with_few_of_a_class_learns_it_where_classes_count_alike()
    {
        // Of the rare class one in forty, on the same side of the one feature as some of the other: the likelier class takes all.
        float[] features = [.. Enumerable.Range(0, 80).Select(i => i % 40 == 0 ? 1f : i % 4 == 1 ? 0.5f : -0.5f)];
        var set = new LabeledSet("few", features, [1], [.. Enumerable.Range(0, 80).Select(i => i % 40 == 0 ? 1 : 0)], 2);
        Assert.True(RecallOf(true) > RecallOf(false));

        double RecallOf(bool isBalanced)
        {
            var graph = ModelZoo.Build("logistic", [1], 2, Key);
            using var learner = new GraphLearner(graph, set, [[.. Enumerable.Range(0, set.Count)]]);
            float[] trained = new float[graph.Weights.Length];
            learner.Train(new LocalTask(1, 0, graph.ToWeights().Values, new LocalObjective(20, 16, 0.2)
            {
                BalancesClasses = isBalanced,
            }, Key), trained, CancellationToken.None);
            using var evaluator = new GraphEvaluator(graph, set.Take("rare", [0, 40]));
            return evaluator.Evaluate(trained, CancellationToken.None).Accuracy;
        }
    }

    [Fact]
    public void Numbers_have_no_classes_to_weigh()
    {
        var set = new LabeledSet("numbers", [1, 2], [1], [0, 0], 1) { Targets = [1, 2] };
        Assert.Contains("has a number to predict", Assert.Throws<MisfitException>(() => LabelObjective.Balanced(set, [0, 1])).Message,
            StringComparison.Ordinal);
    }
}

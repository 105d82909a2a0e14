using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Learning.Calibration;
using Plume.Learning.Data;
using Plume.Learning.Training;
using Plume.Models.Building;
using Plume.Models.Graph;
using Plume.Models.Zoo;

namespace Plume.Learning.Tests.Calibration;

public class GraphObserverTests
{
    static readonly LabeledSet Few = Digits.Load().Train.Take("few", [.. Enumerable.Range(0, 120)]);
    static readonly ModelGraph Graph = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1));

    [Fact]
    public void Values_are_those_of_the_samples_in_order_batch_by_batch()
    {
        var inputs = new List<float>();
        var scores = new List<float>();
        GraphObserver.Values(Graph, Few, ["input", "output"], (name, values) => (name == "input" ? inputs : scores)
            .AddRange(values));
        Assert.Equal(Few.Features, inputs);
        float[] expected = Runtime.Torch(Graph, Few.Features, [Few.Count, 1, 8, 8]);
        Assert.Equal(expected.Length, scores.Count);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], scores[i], 1e-4f);
    }

    [Fact]
    public void A_value_that_is_not_there_is_refused_by_name() =>
        Assert.StartsWith("The graph has no value 'relu9'.",
            Assert.Throws<ArgumentException>(() => GraphObserver.Values(Graph, Few, ["relu9"], (_, _) => { })).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Gradients_are_those_that_a_step_takes()
    {
        var before = Graph.ToWeights().Values;
        using var trainer = new GraphTrainer(Graph, Few,
            new TrainingOptions(Epochs: 1, BatchSize: Few.Count, LearningRate: 1, Momentum: 0, WeightDecay: 0,
                Schedule: LearningRateSchedule.Constant, ClipNorm: 1e9, Shards: 1));
        float[] after = trainer.Train(new CrossEntropy(), RandomKey.FromSeed(1)).ToWeights().Values;
        int batches = 0;
        GraphObserver.Gradients(Graph, Few, Few.Count, gradients =>
        {
            batches++;
            for (int i = 0; i < before.Length; i++)
                Assert.Equal(before[i] - after[i], gradients.Values[i], 1e-4f);
        });
        Assert.Equal(1, batches);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Gradients_are_those_of_the_loss_by_finite_differences_also_where_one_score_tells_two_classes(int scores)
    {
        const int inputs = 3, count = 7;
        const float step = 1e-2f;
        var draws = new RandomDraws(RandomKey.FromSeed(5));
        int classes = Math.Max(scores, 2);
        var set = new LabeledSet("drawn", [.. Enumerable.Range(0, count * inputs).Select(_ => (float)draws.NextNormal())],
            [inputs], [.. Enumerable.Range(0, count).Select(sample => sample % classes)], classes);
        var graph = new GraphBuilder([inputs], RandomKey.FromSeed(2)).Dense("hidden", 4).Dense("out", scores).Build("small");
        float[] values = graph.ToWeights().Values;
        float[] found = [];
        GraphObserver.Gradients(graph, set, count, gradients => found = [.. gradients.Values]);
        for (int place = 0; place < values.Length; place++)
            Assert.Equal((LossWith(place, step) - LossWith(place, -step)) / (2 * step), found[place], 2e-3);

        double LossWith(int place, float change)
        {
            float[] changed = [.. values];
            changed[place] += change;
            var outputs = new List<float>();
            GraphObserver.Values(graph.With(new ModelWeights(graph.Weights, changed)), set, ["output"],
                (_, batch) => outputs.AddRange(batch));
            return Enumerable.Range(0, count)
                .Average(sample => LossOf([.. outputs.Skip(sample * scores).Take(scores)], set.Labels[sample]));
        }
    }

    // One score says how far the second class is ahead of the first.
    static double LossOf(float[] scores, int label)
    {
        float[] all = scores.Length == 1 ? [0, scores[0]] : scores;
        return Math.Log(all.Sum(score => Math.Exp(score))) - all[label];
    }
}

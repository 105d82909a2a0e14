using Plume.Compression.Randomness;
using Plume.Learning.Calibration;
using Plume.Learning.Data;
using Plume.Learning.Training;
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
        GraphObserver.Values(Graph, Few, ["input", "output"], (name, values) => (name == "input" ? inputs : scores).AddRange(values));
        Assert.Equal(Few.Features, inputs);
        float[] expected = Runtime.Torch(Graph, Few.Features, [Few.Count, 1, 8, 8]);
        Assert.Equal(expected.Length, scores.Count);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], scores[i], 1e-4f);
    }

    [Fact]
    public void A_value_that_is_not_there_is_refused_by_name() =>
        Assert.StartsWith("The graph has no value 'relu9'.", Assert.Throws<ArgumentException>(() => GraphObserver.Values(Graph, Few, ["relu9"], (_, _) => { })).Message, StringComparison.Ordinal);

    [Fact]
    public void Gradients_are_those_that_a_step_takes()
    {
        var before = Graph.ToWeights().Values;
        using var trainer = new GraphTrainer(Graph, Few, new TrainingOptions(Epochs: 1, BatchSize: Few.Count, LearningRate: 1, Momentum: 0, WeightDecay: 0, Schedule: LearningRateSchedule.Constant, ClipNorm: 1e9, Shards: 1));
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
}

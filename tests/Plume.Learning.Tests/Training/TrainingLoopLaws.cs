using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Training;
using Plume.Models.Building;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;
using static TorchSharp.torch;

namespace Plume.Learning.Tests.Training;

/// <summary>Training in one place, on a client and of a module is one loop: what holds of one holds of all.</summary>
public class TrainingLoopLaws
{
    const int Inputs = 5;
    const int Classes = 3;
    const int Count = 11;

    static readonly RandomKey Key = RandomKey.FromSeed(3);
    static readonly LabeledSet Set = Samples();

    public static TheoryData<LocalObjective> Objectives => new(
        new LocalObjective(1, Count, 0.1),
        new LocalObjective(3, 4, 0.2, Momentum: 0.9),
        new LocalObjective(2, 3, 0.1, WeightDecay: 0.5),
        new LocalObjective(4, 1, 0.05, Momentum: 0.5, WeightDecay: 0.1),
        new LocalObjective(3, 4, 0.02, LocalOptimizer.Adam, WeightDecay: 0.2));

    [Theory]
    [MemberData(nameof(Objectives))]
    public void The_same_step_whoever_asks_for_it(LocalObjective objective)
    {
        var graph = new GraphBuilder([Inputs], Key).Dense("fc1", 4).Tanh().Dense("fc2", Classes).Build("two");
        float[] start = graph.ToWeights().Values;
        using var client = new GraphLearner(graph, Set, [[.. Enumerable.Range(0, Count)]]);
        using var module = new ModuleLearner(() =>
            nn.Sequential(("fc1", nn.Linear(Inputs, 4)), ("tanh", nn.Tanh()), ("fc2", nn.Linear(4, Classes))),
            () => (tensor(Set.Features).view(Count, Inputs), tensor(Set.Labels, int64)));
        var options = new TrainingOptions(objective.Epochs, objective.BatchSize, objective.LearningRate, objective.Optimizer,
            objective.Momentum, objective.WeightDecay, LearningRateSchedule.Constant, ClipNorm: double.MaxValue, Shards: 1);
        using var trainer = new GraphTrainer(graph, Set, options);

        float[] central = trainer.Train(new CrossEntropy(), Key).ToWeights().Values;

        Assert.Equal(central, Train(client, start, objective));
        Assert.Equal(central, Train(module, start, objective), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.NotEqual(start, central);
    }

    [Fact]
    public void Where_channels_are_dead_the_smaller_graph_is_trained()
    {
        var graph = new GraphBuilder([Inputs], Key).Dense("fc1", 4).Tanh().Dense("fc2", Classes).Build("two");
        float[] live = [.. Enumerable.Repeat(1f, graph.Weights.Length)];
        foreach (int unit in new[] { 1, 2 })
            Kill(graph.Weights, unit, live);
        float[] start = [.. graph.ToWeights().Values.Zip(live, (weight, lives) => weight * lives)];
        var pruned = DeadChannels.Remove(graph.With(new ModelWeights(graph.Weights, start)))!;
        var objective = new LocalObjective(3, 4, 0.2, Momentum: 0.9);
        using var client = new GraphLearner(graph, Set, [[.. Enumerable.Range(0, Count)]]);
        using var smaller = new GraphLearner(pruned.Graph, Set, [[.. Enumerable.Range(0, Count)]]);
        float[] trained = new float[start.Length], expected = new float[start.Length];

        client.Train(new LocalTask(1, 0, start, objective, Key) { Live = live }, trained, default);
        pruned.SliceOf(graph.Weights).Scatter<float>(Train(smaller, pruned.Graph.ToWeights().Values, objective), expected);

        Assert.Equal(2, pruned.Graph.Weights["fc1.bias"].Length);
        Assert.Equal(expected, trained);
        Assert.NotEqual(start, trained);
    }

    static void Kill(ModelLayout layout, int unit, float[] live)
    {
        live.AsSpan(layout["fc1.weight"].Offset + unit * Inputs, Inputs).Clear();
        live[layout["fc1.bias"].Offset + unit] = 0;
        for (int output = 0; output < Classes; output++)
            live[layout["fc2.weight"].Offset + output * 4 + unit] = 0;
    }

    [Theory]
    [InlineData(LocalOptimizer.Sgd, 1e3)]
    [InlineData(LocalOptimizer.Adam, 5)]
    public void Scales_of_quantization_stay_positive_and_do_not_decay_on_a_client(LocalOptimizer optimizer, double decay)
    {
        var graph = Quantized();
        float[] start = graph.ToWeights().Values;
        using var client = new GraphLearner(graph, Set, [[.. Enumerable.Range(0, Count)]]);
        var scale = graph.Weights["scale"];

        // With no gradient to speak of, decay alone would take them away; with steps that are too long, the gradient.
        float[] still = Train(client, start, new LocalObjective(5, 4, 1e-9, optimizer, WeightDecay: decay / 10));
        float[] far = Train(client, start, new LocalObjective(5, 4, 3, optimizer, WeightDecay: 0.01));

        Assert.All(still.AsSpan(scale.Offset, scale.Length).ToArray(), value => Assert.Equal(0.25f, value, 1e-5f));
        Assert.All(far.AsSpan(scale.Offset, scale.Length).ToArray(), value => Assert.True(value > 0, $"A scale is {value}."));
        Assert.NotEqual(start[scale.Offset], far[scale.Offset]);
    }

    [Theory]
    [InlineData(1e38f, 0.1)]
    [InlineData(1, 1e30)]
    public void A_loss_that_is_not_finite_is_told_by_every_way(float largest, double rate)
    {
        var set = new LabeledSet("wild", [.. Set.Features.Select(value => value * largest)], [Inputs], Set.Labels, Classes);
        var graph = new GraphBuilder([Inputs], Key).Dense("fc1", 4).Relu().Dense("fc2", Classes).Build("wild");
        var objective = new LocalObjective(4, 4, rate);
        using var trainer = new GraphTrainer(graph, set, new TrainingOptions(4, 4, rate, ClipNorm: double.MaxValue));
        using var client = new GraphLearner(graph, set, [[.. Enumerable.Range(0, Count)]]);
        using var module = new ModuleLearner(() =>
            nn.Sequential(("fc1", nn.Linear(Inputs, 4)), ("relu", nn.ReLU()), ("fc2", nn.Linear(4, Classes))),
            () => (tensor(set.Features).view(Count, Inputs), tensor(set.Labels, int64)));
        float[] start = graph.ToWeights().Values;

        string message = Assert.Throws<DivergedException>(() => trainer.Train(new CrossEntropy(), Key)).Message;
        Assert.Contains(largest > 1 ? "values are too large"
            : "Use a smaller learning rate than 1E+30", message, StringComparison.Ordinal);
        Assert.All(new ILearner[] { client, module },
            learner => Assert.Equal(double.NaN,
                learner.Train(new LocalTask(1, 0, start, objective, Key), new float[start.Length], default).Loss));
    }

    [Fact]
    public void One_score_is_trained_and_measured_as_two_classes()
    {
        int[] labels = [.. Enumerable.Range(0, Count).Select(sample => Set[sample][0] > 0 ? 1 : 0)];
        var set = new LabeledSet("two", Set.Features, [Inputs], labels, 2);
        foreach (bool hasSigmoid in new[] { false, true })
        {
            var graph = OneScore(hasSigmoid);
            using var trainer = new GraphTrainer(graph, set, new TrainingOptions(200, 4, 0.3));
            var trained = trainer.Train(new CrossEntropy(), Key);
            using var evaluator = new GraphEvaluator(trained, set);
            Assert.Equal(1, evaluator.Evaluate(trained.ToWeights().Values, default).Accuracy);
            // At weights of zero the score is 0 and the loss that of a coin.
            Assert.Equal(Math.Log(2), evaluator.Evaluate(new float[trained.Weights.Length], default).Loss, 1e-5);
        }
    }

    [Fact]
    public void A_model_takes_samples_with_some_of_its_classes_and_none_of_other_columns()
    {
        var graph = new SampleSchema { Columns = ["a", "b", "c", "d", "e"] }.AddTo(new GraphBuilder([Inputs], Key).Dense("fc", 9)
            .Build("nine"));
        using var trainer = new GraphTrainer(graph, Set, new TrainingOptions(1));
        var trained = trainer.Train(new CrossEntropy(), Key);
        Assert.Equal(SampleSchema.Of(graph), SampleSchema.Of(trained));
        Assert.Equal(9, SoftLabels.Of(trained, Set).Classes);
        var others = new LabeledSet("others", Set.Features, [Inputs], Set.Labels, Classes)
        {
            Schema = new SampleSchema { Columns = ["b", "a", "c", "d", "e"] },
        };
        Assert.Equal("Model 'nine' takes the columns a, b, c, d, e, but they are b, a, c, d, e in others.",
            Assert.Throws<MisfitException>(() => new GraphTrainer(graph, others, new TrainingOptions(1))).Message);
        Assert.Equal("'none' has no samples.",
            Assert.Throws<MisfitException>(() => new GraphTrainer(graph, Set.Take("none", []), new TrainingOptions(1))).Message);
    }

    static ModelGraph Quantized() => new(
        "quantized", [new ValueInfo("x", ElementType.Float, ["N", Inputs])],
        [new ValueInfo("y", ElementType.Float, ["N", Classes])],
        [
            new Node("quantize", FakeQuantizer.OpType, ["w", "scale"], ["q"], new FakeQuantizer(4).ToAttributes(axis: 1)),
            new Node("fc", "MatMul", ["x", "q"], ["y"]),
        ],
        [Initializer.Of("w", [Inputs, Classes], new GraphBuilder([Inputs], Key).Dense("fc", Classes).Build("w")
            .ToWeights().Values.AsSpan(0, Inputs * Classes)), Initializer.Of("scale", [Classes], [0.25f, 0.25f, 0.25f])])
    {
        ExtensionOpsets = new Dictionary<string, int> { ["plume"] = 1 },
    };

    static ModelGraph OneScore(bool hasSigmoid)
    {
        Node[] nodes = [new Node("fc", "Gemm", ["x", "w", "b"], [hasSigmoid ? "z" : "y"]), .. hasSigmoid
            ? [new Node("p", "Sigmoid", ["z"], ["y"])] : Array.Empty<Node>()];
        return new ModelGraph("one", [new ValueInfo("x", ElementType.Float, ["N", Inputs])],
            [new ValueInfo("y", ElementType.Float, ["N", 1])], nodes,
            [Initializer.Of("w", [Inputs, 1], new float[Inputs]), Initializer.Of("b", [1], new float[1])]);
    }

    static float[] Train(ILearner learner, float[] start, LocalObjective objective)
    {
        var trained = new float[start.Length];
        learner.Train(new LocalTask(1, 0, start, objective, Key), trained, default);
        return trained;
    }

    static LabeledSet Samples()
    {
        var draws = new RandomDraws(RandomKey.FromSeed(9));
        float[] features = [.. Enumerable.Range(0, Count * Inputs).Select(_ => (draws.NextInt(2001) - 1000) / 500f)];
        return new LabeledSet("eleven", features, [Inputs], [.. Enumerable.Range(0, Count).Select(sample => sample % Classes)],
            Classes);
    }
}

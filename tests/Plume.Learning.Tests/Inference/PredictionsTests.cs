using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Learning.Inference.Metrics;
using Plume.Learning.Training;
using Plume.Models.Graph;
using Plume.Models.Zoo;

namespace Plume.Learning.Tests.Inference;

public class PredictionsTests
{
    static readonly LabeledSet Test = Digits.Load().Test;
    static readonly ModelGraph Graph = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1));

    [Fact]
    public void ONNX_Runtime_and_TorchSharp_measure_the_same_accuracy()
    {
        using var model = new RuntimeModel(Graph);
        using var evaluator = new GraphEvaluator(Graph, Test);
        Assert.Equal(evaluator.Evaluate(Graph.ToWeights().Values.ToArray(), default).Accuracy, Predictions.Of(model, Test)
            .Accuracy(Test), 0.003);
    }

    [Fact]
    public void Macro_F1_by_round_is_that_of_all_figures()
    {
        using var model = new RuntimeModel(Graph);
        using var evaluator = new GraphEvaluator(Graph, Test, threads: 2);
        Assert.Equal(evaluator.Evaluate(Graph.ToWeights().Values.ToArray(), default).MacroF1!.Value,
            Predictions.Of(model, Test).FiguresOf(Test).F1, 0.003);
        int[] labels = [0, 0, 1, 2, 2, 2];
        foreach (int[] told in (int[][])[[0, 1, 1, 2, 2, 0], [0, 0, 0, 0, 0, 0], [3, 4, 3, 3, 5, 1], labels])
            Assert.Equal(ClassificationFigures.Of(labels, told, [], 4).F1,
                ClassificationFigures.MacroF1Of(labels, told, 4), 1e-12);
        // By hand: (1/2 + 2/3 + 4/5) / 3, and (1/2 + 0 + 0) / 3.
        Assert.Equal(0.655555556, ClassificationFigures.MacroF1Of(labels, [0, 1, 1, 2, 2, 0], 4), 1e-9);
        Assert.Equal(0.166666667, ClassificationFigures.MacroF1Of(labels, [0, 0, 0, 0, 0, 0], 4), 1e-9);
        Assert.Equal(0, ClassificationFigures.MacroF1Of(labels, [3, 4, 3, 3, 5, 1], 4));
        Assert.Equal(1, ClassificationFigures.MacroF1Of(labels, labels, 4));
    }

    [Fact]
    public void A_model_agrees_with_itself_and_less_with_another()
    {
        using var one = new RuntimeModel(Graph);
        using var other = new RuntimeModel(ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(2)));
        var mine = Predictions.Of(one, Test);
        Assert.Equal(1, mine.Agreement(mine));
        Assert.InRange(mine.Agreement(Predictions.Of(other, Test)), 0, 0.9);
    }

    [Fact]
    public void Each_model_gets_a_median_latency()
    {
        using var small = new RuntimeModel(Graph);
        using var large = new RuntimeModel(ModelZoo.Build("resnet8", [1, 8, 8], 10, RandomKey.FromSeed(1)));
        var times = Latency.Measure([small, large], Test, TimeSpan.Zero);
        Assert.True(times[0] > TimeSpan.Zero && times[1] > times[0]);
    }

    [Fact]
    public void A_model_that_runs_in_microseconds_is_not_measured_for_as_long_as_one_may_be()
    {
        using var small = new RuntimeModel(Graph);
        Assert.True(Latency.Measure([small], Test, TimeSpan.MaxValue)[0] > TimeSpan.Zero);
    }

    [Fact]
    public void A_batch_of_another_shape_is_refused_in_words()
    {
        using var model = new RuntimeModel(ModelZoo.Build("mlp", [1, 9, 9], 10, RandomKey.FromSeed(1)));
        Assert.Equal("Model 'mlp' takes [N, 1, 9, 9], but the samples of digits (test) are [1, 8, 8] each.",
            Assert.Throws<MisfitException>(() => Predictions.Of(model, Test)).Message);
        Assert.Contains("on an input of [1, 1, 8, 8]",
            Assert.Throws<InvalidPayloadException>(() => model.Run(Test[0].ToArray(), [1, 1, 8, 8])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_graph_that_ONNX_Runtime_does_not_know_is_refused_by_name()
    {
        var strange = new ModelGraph("strange", Graph.Inputs, [new ValueInfo("y", ElementType.Float, []) { HasShape = false }],
            [new Node("n", "Unheard", [Graph.Inputs[0].Name], ["y"])], []);
        Assert.StartsWith("ONNX Runtime refuses model 'strange':",
            Assert.Throws<InvalidPayloadException>(() => new RuntimeModel(strange)).Message, StringComparison.Ordinal);
    }
}

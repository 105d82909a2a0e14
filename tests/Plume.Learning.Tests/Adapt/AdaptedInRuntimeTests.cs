using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Models.Adapt;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Learning.Tests.Adapt;

public class AdaptedInRuntimeTests
{
    static readonly RandomKey Key = RandomKey.FromSeed(5);

    public static TheoryData<string> Graphs => [.. Adaptable.Keys];

    static Dictionary<string, ModelGraph> Adaptable => new()
    {
        ["lenet-small"] = ModelZoo.Build("lenet-small", [1, 28, 28], 10, Key),
        ["resnet8"] = ModelZoo.Build("resnet8", [1, 28, 28], 10, Key),
        ["one weight of two products"] =
            Dense(new("", "MatMul", ["x", "w"], ["a"]), new("", "Relu", ["a"], ["r"]),
                new("", "Gemm", ["r", "w"], ["y"], new Dictionary<string, AttributeValue> { ["transB"] = 1L })),
        ["a weight that is transposed each time"] =
            Dense(new("", "Transpose", ["w"], ["t"], new Dictionary<string, AttributeValue> { ["perm"] = new long[] { 1, 0 } }),
                new("", "MatMul", ["x", "t"], ["y"])),
    };

    [Theory]
    [MemberData(nameof(Graphs))]
    public void It_computes_at_first_what_the_model_did_and_merged_what_it_does(string name)
    {
        var graph = Adaptable[name];
        foreach (bool freezesA in new[] { false, true })
        {
            var adapted = LowRankAdapters.Insert(graph, 2, freezesA, Key);
            Check(graph, OnnxFile.Write(adapted));
            var weights = adapted.ToWeights();
            foreach (var tensor in weights.Layout.Tensors.Where(tensor => AdapterNames.IsB(tensor.Name)))
                Runtime.Input(tensor.Length).CopyTo(weights[tensor]);
            var trained = adapted.With(weights);
            Check(trained, OnnxFile.Write(MergedAdapters.Of(trained)));
            Assert.NotEqual(OnnxFile.Write(graph), OnnxFile.Write(MergedAdapters.Of(trained)));
        }
    }

    [Theory]
    [InlineData(LocalOptimizer.Sgd, 0.9)]
    [InlineData(LocalOptimizer.Adam, 0)]
    public void A_client_moves_what_is_trained_and_leaves_the_rest_to_the_bit(LocalOptimizer optimizer, double momentum)
    {
        var (train, _) = Digits.Load();
        var graph = LowRankAdapters.Insert(ModelZoo.Build("mlp", [1, 8, 8], 10, Key), 4, freezesA: false, Key);
        using var learner = new GraphLearner(graph, train, [[.. Enumerable.Range(0, 200)]]);
        var weights = graph.ToWeights();
        Runtime.Input(weights.Values.Length).CopyTo(weights.Values, 0);
        float[] trained = [.. weights.Layout.Tensors.SelectMany(tensor =>
            Enumerable.Repeat(AdapterNames.IsA(tensor.Name) ? 0f : 1f, tensor.Length))], after = new float[trained.Length];
        var objective = new LocalObjective(1, 20, 0.01, optimizer, momentum, WeightDecay: 0.1, Proximal: 0.1);
        learner.Train(new LocalTask(1, 0, weights.Values, objective, Key)
        {
            Trained = trained,
            Correction = Runtime.Input(trained.Length)
        }, after, default);
        for (int i = 0; i < trained.Length; i++)
            Assert.Equal(trained[i] == 0, after[i] == weights.Values[i]);
    }

    static void Check(ModelGraph original, byte[] rewritten) =>
        new RewriteCheck(null, Key)
            .OfFloats("rewritten", optimized => optimized ? new RuntimeModel("rewritten", rewritten)
                : new RuntimeModel(original, optimized: false));

    static ModelGraph Dense(params Node[] nodes) =>
        new("odd", [new("x", ElementType.Float, ["N", 12])], [new("y", ElementType.Float, ["N", 12])], nodes,
            [Initializer.Of("w", [12, 12], Runtime.Input(144))]);
}

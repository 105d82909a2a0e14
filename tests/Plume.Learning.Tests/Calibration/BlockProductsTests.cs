using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Learning.Inference;
using Plume.Models.Cost;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Quantize.Blocks;

namespace Plume.Learning.Tests.Calibration;

public class BlockProductsTests
{
    [Theory, InlineData(32), InlineData(64), InlineData(128)]
    public void Products_in_blocks_compute_what_their_levels_say(int block)
    {
        var graph = Graph();
        var made = BlockProducts.Apply(graph, block);
        Assert.Equal(3, made.Layers.Count);
        Assert.Equal(3, made.Graph.Nodes.Count(node => node.OpType == BlockProducts.OpType));
        Assert.Equal(GraphCost.ParametersOf(graph), GraphCost.ParametersOf(made.Graph));
        byte[] bytes = OnnxFile.Write(made.Graph);
        Assert.InRange(bytes.Length, 0, OnnxFile.Write(graph).Length / 5);
        var finding = new RewriteCheck(null, RandomKey.FromSeed(1)).OfIntegers("b.onnx", bytes, made.Simulated, graph);
        // The squared error of 4-bit levels of normal values, three times.
        Assert.InRange(finding.Errors.Single().Value, 0.001, 0.04);
        using var blocks = new RuntimeModel(made.Graph);
        using var floats = new RuntimeModel(made.Simulated);
        var feeds = RandomFeeds.For(floats, RandomKey.FromSeed(2));
        Assert.InRange(ComparedOutputs.Of([floats, blocks], [feeds, feeds], null)[1].Nmse!.Value, 0, 1e-8);
    }

    [Fact]
    public void What_cannot_have_blocks_stays_and_says_why()
    {
        var graph = new ModelGraph("some", [new("x", ElementType.Float, ["N", 16])], [new("y", ElementType.Float, ["N", 4])],
            [new("exp", "Exp", ["e0"], ["e"]), new("few", "MatMul", ["x", "w"], ["a"]),
                new("scaled", "Gemm", ["a", "v"], ["b"], new Dictionary<string, AttributeValue> { ["alpha"] = 2f }),
                new("left", "MatMul", ["b", "v"], ["c"]), new("made", "MatMul", ["c", "e"], ["y"])],
            [Floats("w", 16, 64), Floats("v", 64, 64), Floats("e0", 64, 4)]);
        var made = BlockProducts.Apply(graph, 32, ["v"]);
        Assert.Empty(made.Layers);
        Assert.Equal(["it has fewer inputs than a block", "it is left alone", "it is left alone", "its weight is computed"],
            made.Skipped.Select(each => each.Reason));
        Assert.Equal("it scales or transposes its input",
            BlockProducts.Apply(graph, 32).Skipped.Single(each => each.Node.Name == "scaled").Reason);
        Assert.Throws<ArgumentOutOfRangeException>(() => BlockProducts.Apply(graph, 16));
        var broken = new ModelGraph("nan", [new("x", ElementType.Float, ["N", 64])], [new("y", ElementType.Float, ["N", 1])],
            [new("n", "MatMul", ["x", "w"], ["y"])], [Initializer.Of("w", [64, 1], [float.NaN, .. new float[63]])]);
        Assert.Contains("value 0 is NaN", Assert.Throws<InvalidPayloadException>(() => BlockProducts.Apply(broken, 32)).Message,
            StringComparison.Ordinal);
    }

    // One weight used twice, a last block that is not full, a bias that spreads.
    static ModelGraph Graph() =>
        new("dense", [new("x", ElementType.Float, ["N", 3, 200])], [new("y", ElementType.Float, ["N", 3, 150])],
        [
            new("p", "MatMul", ["x", "w"], ["a"]), new("r", "Relu", ["a"], ["b"]), new("q", "MatMul", ["b", "w"], ["c"]),
            new("f", "Reshape", ["c", "flat"], ["d"]),
            new("g", "Gemm", ["d", "v", "one"], ["e"], new Dictionary<string, AttributeValue> { ["transB"] = 1L }),
            new("u", "Reshape", ["e", "back"], ["y"]),
        ],
        [Floats("w", 200, 200), Floats("v", 150, 200), Initializer.Of("one", [1], [0.5f]),
            Initializer.Of("flat", [2], [-1L, 200L]), Initializer.Of("back", [3], [-1L, 3L, 150L])]);

    static Initializer Floats(string name, params int[] shape) =>
        Initializer.Of(name, shape, [.. Runtime.Input(shape[0] * shape[1], (ulong)name.Length).Select(value => value / 10)]);
}

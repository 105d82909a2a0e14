using Plume.Compression.Randomness;
using Plume.Learning.Calibration;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Quantize;

namespace Plume.Learning.Tests.Calibration;

public class QuantizedInRuntimeTests
{
    static readonly RandomKey Key = RandomKey.FromSeed(3);
    static readonly Dictionary<string, AttributeValue> TransB = new() { ["transB"] = 1L };

    public static TheoryData<string> Kinds => [.. OddGraphs.Keys];

    // Each has one thing that an exporter writes and that a rewrite by name or by shape gets wrong.
    static Dictionary<string, ModelGraph> OddGraphs => new()
    {
        ["one weight, two axes"] =
            Dense([new("", "MatMul", ["x", "w"], ["a"]), new("", "Relu", ["a"], ["r"]),
                new("", "Gemm", ["r", "w", "b12"], ["h"], TransB)], Floats("w", 12, 7)),
        ["a square weight, two axes, uneven rows"] =
            Dense([new("", "Gemm", ["x", "w", "b12"], ["a"], TransB), new("", "Relu", ["a"], ["r"]),
                new("", "MatMul", ["r", "w"], ["h"])], Uneven("w", 12)),
        ["one weight, one axis, two biases"] =
            Dense([new("", "Gemm", ["x", "w", "b12"], ["a"]), new("", "Relu", ["a"], ["r"]),
                new("", "Gemm", ["r", "w", "large"], ["h"])], Floats("w", 12, 12), Floats("large", 50f, 12)),
        ["a weight that is an addend too"] =
            Dense([new("", "MatMul", ["x", "w"], ["a"]), new("", "MatMul", ["a", "w"], ["c"]),
                new("", "Gather", ["w", "zero"], ["row"]), new("", "Add", ["c", "row"], ["h"])], Floats("w", 12, 12),
                Initializer.Of("zero", [], [0L])),
        ["a weight that is an output too"] = Dense([new("", "MatMul", ["x", "w"], ["h"])], ["w"], Floats("w", 12, 9)),
        ["a bias that is an output too"] =
            Dense([new("", "Gemm", ["x", "w", "v"], ["h"])], ["v"], Floats("w", 12, 9), Floats("v", 9)),
        ["a bias of one value"] =
            Dense([new("", "Gemm", ["x", "w", "v"], ["h"], TransB)], Floats("w", 9, 12), Initializer.Of("v", [1], [5f])),
        ["a bias that is a scalar"] =
            Dense([new("", "Gemm", ["x", "w", "v"], ["h"])], Floats("w", 12, 9), Initializer.Of("v", [], [5f])),
        ["a bias of one row"] = Dense([new("", "Gemm", ["x", "w", "v"], ["h"])], Floats("w", 12, 9), Floats("v", 3f, 1, 9)),
        ["a bias of one matrix of one"] =
            Dense([new("", "Gemm", ["x", "w", "v"], ["h"])], Floats("w", 12, 9), Initializer.Of("v", [1, 1], [-3f])),
        ["factors"] = Dense([new("", "Gemm", ["x", "w", "v"], ["h"],
            new Dictionary<string, AttributeValue> { ["alpha"] = 0.25f, ["beta"] = -2f })], Floats("w", 12, 9), Floats("v", 9)),
        ["factors and a bias that spreads"] =
            Dense([new("", "Gemm", ["x", "w", "v"], ["h"],
                new Dictionary<string, AttributeValue> { ["alpha"] = 4f, ["beta"] = 0.5f, ["transB"] = 1L })], Floats("w", 9, 12),
                Initializer.Of("v", [1], [2f])),
        ["a bias of factor 0"] =
            Dense([new("", "Gemm", ["x", "w", "v"], ["h"], new Dictionary<string, AttributeValue> { ["beta"] = 0f })],
                Floats("w", 12, 9), Floats("v", 9)),
        ["a bias that is computed"] =
            Dense([new("", "Exp", ["v"], ["e"]), new("", "Gemm", ["x", "w", "e"], ["h"])], Floats("w", 12, 9), Floats("v", 9)),
        ["a bias by identity"] =
            Dense([new("", "Identity", ["b12"], ["i"]), new("", "Gemm", ["x", "w", "b12"], ["a"]),
                new("", "Gemm", ["a", "u", "i"], ["h"])], Floats("w", 12, 12), Floats("u", 12, 12)),
        ["a weight that is transposed each time"] =
            Dense([new("", "Transpose", ["w"], ["t"], new Dictionary<string, AttributeValue> { ["perm"] = new long[] { 1, 0 } }),
                new("", "MatMul", ["x", "t"], ["h"])], Floats("w", 9, 12)),
        ["a weight in a constant node"] =
            Dense([new("", "Constant", [], ["t"], new Dictionary<string, AttributeValue> { ["value"] = Floats("", 12, 9) }),
                new("", "MatMul", ["x", "t"], ["h"])]),
        ["a bias for each row"] = Rows(Floats("v", 4f, 5, 1)),
        ["a bias for each value"] = Rows(Floats("v", 5, 9)),
    };

    [Theory, MemberData(nameof(Kinds))]
    public void Odd_weights_and_biases_are_as_exact_as_plain_ones(string kind)
    {
        var graph = OddGraphs[kind];
        int batch = graph.Inputs[0].Shape[0].IsFixed ? 5 : 32;
        var samples = new LabeledSet("normal", Runtime.Input(40 * 12), [12], new int[40], 1);
        var quantized = PostTraining.Quantize(graph, new QuantizationScheme(), samples);
        Assert.Contains(quantized.Nodes, node => node.OpType == FakeQuantizer.OpType);

        var finding = Check(graph, quantized, samples, batch);

        Assert.All(finding.Errors, error => Assert.InRange(error.Value, 0, 0.002));
        Assert.True(finding.Runs > 0);
    }

    [Fact]
    public void Layers_that_share_a_weight_along_one_axis_share_its_integers()
    {
        var graph = Dense([new("", "MatMul", ["x", "w"], ["a"]), new("", "Relu", ["a"], ["r"]),
            new("", "MatMul", ["r", "w"], ["h"])], Floats("w", 12, 12));
        var lowered = QdqLowering.Apply(
            PostTraining.Quantize(graph, new QuantizationScheme(),
                new LabeledSet("normal", Runtime.Input(120), [12], new int[10], 1)));
        Assert.Equal(2, lowered.Initializers.Count(tensor => tensor is { ElementType: ElementType.Int8, Shape.Count: 2 }));
    }

    [Fact]
    public void Normalizations_and_convolutions_that_share_tensors_are_folded_apart()
    {
        var pads = new Dictionary<string, AttributeValue> { ["pads"] = new long[] { 1, 1, 1, 1 } };
        var graph = new ModelGraph(
            "shared", [new("x", ElementType.Float, ["N", 4, 6, 6])], [new("y", ElementType.Float, ["N", 4, 6, 6])],
            [
                new("", "Conv", ["x", "w", "zero"], ["a"], pads),
                new("", "BatchNormalization", ["a", "one", "zero", "zero", "one"], ["b"]), new("", "Relu", ["b"], ["c"]),
                new("", "Conv", ["c", "w", "zero"], ["d"], pads),
                new("", "BatchNormalization", ["d", "some", "one", "zero", "some"], ["e"]), new("", "Add", ["e", "c"], ["y"]),
            ],
            [Floats("w", 4, 4, 3, 3), Initializer.Of("zero", [4], new float[4]), Initializer.Of("one", [4], [1f, 1, 1, 1]),
                Initializer.Of("some", [4], [0.5f, 2, 1, 3])]);
        var samples = new LabeledSet("normal", Runtime.Input(20 * 144), [4, 6, 6], new int[20], 1);
        var quantized = PostTraining.Quantize(graph, new QuantizationScheme(), samples);
        Assert.DoesNotContain(quantized.Nodes, node => node.OpType == "BatchNormalization");
        Assert.All(Check(graph, quantized, samples, 20).Errors, error => Assert.InRange(error.Value, 0, 0.002));
    }

    [Theory, MemberData(nameof(Numbers))]
    public void Any_small_graph_computes_the_same_without_optimizations_and_nearly_what_it_did_in_floats(int number)
    {
        var graph = RandomGraphs.Number(number);
        int[] shape = [.. graph.Inputs[0].Shape.Skip(1).Select(length => (int)length.Length)];
        var samples = new LabeledSet("normal",
            Runtime.Input(24 * shape.Aggregate(1, (product, length) => product * length), (ulong)number), shape, new int[24], 1);
        foreach (var scheme in new[] { new QuantizationScheme() { LeaveSingleChannels = number % 2 == 0 },
            new QuantizationScheme(8, null) })
        {
            var quantized = PostTraining.Quantize(graph, scheme, samples);
            var finding = Check(graph, quantized, samples, 24);
            Assert.InRange(finding.Errors.Single().Value, 0, 0.05);
            byte[] bytes = OnnxFile.Write(GraphNames.Shorten(QdqLowering.Apply(quantized)));
            using var optimized = new RuntimeModel("optimized", bytes);
            using var plain = new RuntimeModel("plain", bytes, optimized: false);
            var compared = ComparedOutputs.Of([plain, optimized],
                [ModelFeeds.Of(plain, samples), ModelFeeds.Of(optimized, samples)], null)[1];
            Assert.InRange(compared.Nmse!.Value, 0, 0.005);
        }
    }

    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, 50)];

    [Fact]
    public void A_file_that_computes_something_else_is_refused_with_the_output_and_by_how_much()
    {
        var graph = Dense([new("", "MatMul", ["x", "w"], ["h"])], Floats("w", 12, 9));
        var other = Dense([new("", "MatMul", ["x", "w"], ["h"])], Floats("w", 1.1f, 12, 9));
        var check = new RewriteCheck(null, Key);
        Assert.Equal(4, check.OfIntegers("same.onnx", OnnxFile.Write(graph), graph, graph).Runs);
        string message = Assert.Throws<RewriteMismatchException>(() =>
            check.OfIntegers("other.onnx", OnnxFile.Write(other), graph, graph)).Message;
        Assert.StartsWith("'other.onnx' was not written, for ONNX Runtime does not compute with its default optimizations what "
            + "was measured: output 'y' differs by a mean squared error of 0.", message, StringComparison.Ordinal);
        Assert.Contains("in 4 runs on random inputs; at most 0.001 would be rounding.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_ONNX_Runtime_refuses_is_refused()
    {
        var graph = new ModelGraph("strange", [new("x", ElementType.Float, ["N", 4])], [new("y", ElementType.Float, ["N", 4])],
            [new Node("n", "Unheard", ["x"], ["y"])], []);
        Assert.StartsWith("'strange.onnx' was not written, for ONNX Runtime refuses model 'strange.onnx':",
            Assert.Throws<RewriteMismatchException>(() => new RewriteCheck(null, Key)
                .OfFloats("strange.onnx", OnnxFile.Write(graph))).Message, StringComparison.Ordinal);
        Assert.Throws<RewriteMismatchException>(() => new RewriteCheck(null, Key).OfFloats("cut.onnx", [1, 2, 3]));
    }

    static RewriteFinding Check(ModelGraph graph, ModelGraph quantized, LabeledSet samples, int batch)
    {
        using var model = new RuntimeModel(graph);
        var check = new RewriteCheck(ModelFeeds.Of(model, samples, batch), Key);
        return check.OfIntegers("q.onnx", OnnxFile.Write(QdqLowering.Apply(quantized)), SimulatedIntegers.Of(quantized), graph);
    }

    static ModelGraph Dense(Node[] nodes, params Initializer[] tensors) => Dense(nodes, [], tensors);

    // From twelve values through 'h' to a head of five.
    static ModelGraph Dense(Node[] nodes, string[] outputs, params Initializer[] tensors)
    {
        int width = nodes.Any(node => node.OpType == "Transpose" || node.OpType == "Constant")
            || tensors.Any(tensor => tensor.Shape.SequenceEqual([12, 9]) || tensors[0].Shape.SequenceEqual([9, 12])) ? 9 : 12;
        return new ModelGraph(
            "odd", [new("x", ElementType.Float, ["N", 12])],
            [new("y", ElementType.Float, ["N", 5]),
                .. outputs.Select(name => new ValueInfo(name, ElementType.Float, []) { HasShape = false })],
            [.. nodes, new("", "Relu", ["h"], ["hr"]), new("", "Gemm", ["hr", "head", "b5"], ["y"], TransB)],
            [.. tensors, Floats("b12", 12), Floats("b5", 5), Floats("head", 5, width)]);
    }

    static ModelGraph Rows(Initializer bias) => new(
        "rows", [new("x", ElementType.Float, [5, 12])], [new("y", ElementType.Float, [5, 3])],
        [new("", "Gemm", ["x", "w", bias.Name], ["h"]), new("", "Relu", ["h"], ["r"]), new("", "MatMul", ["r", "u"], ["y"])],
        [Floats("w", 12, 9), bias, Floats("u", 9, 3)]);

    static Initializer Uneven(string name, int side)
    {
        var values = Floats(name, side, side).Floats.ToArray();
        for (int i = 0; i < values.Length; i++)
            values[i] *= MathF.Exp(i / side % 4 - 2);
        return Initializer.Of(name, [side, side], values);
    }

    static Initializer Floats(string name, params int[] shape) => Floats(name, 1, shape);

    static Initializer Floats(string name, float scale, params int[] shape)
    {
        int length = shape.Aggregate(1, (product, each) => product * each);
        return Initializer.Of(name, shape,
            [.. Runtime.Input(length, (ulong)(name.Length + length))
                .Select(value => value * scale / (shape.Length > 1 ? 3 : 2))]);
    }
}

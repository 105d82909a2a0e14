using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Graph.Shapes;

namespace Plume.Models.Tests;

/// <summary>The oracle is ONNX Runtime: what it really gives back must have the shape that was inferred.</summary>
public class ShapeInferenceTests
{
    const int Batch = 2;

    static readonly Dictionary<string,
        (string Operator, int[] Sample, Dictionary<string, AttributeValue> Attributes, Initializer[] Constants)> Cases = new()
        {
            ["Gemm"] = ("Gemm", [5], [], [Weight(5, 3), Weight(3)]),
            ["Gemm transposed"] = ("Gemm", [5], new() { ["transB"] = 1L }, [Weight(3, 5), Weight(1, 3)]),
            ["MatMul"] = ("MatMul", [4, 5], [], [Weight(5, 3)]),
            ["MatMul by a batch"] = ("MatMul", [1, 4, 5], [], [Weight(6, 5, 3)]),
            ["MatMul by a vector"] = ("MatMul", [4, 5], [], [Weight(5)]),
            ["Add"] = ("Add", [3, 1], [], [Weight(4)]),
            ["Sub"] = ("Sub", [3], [], [Weight(6, 1, 3)]),
            ["Mul"] = ("Mul", [3, 4], [], [Weight()]),
            ["Div"] = ("Div", [1, 4], [], [Weight(3, 4)]),
            ["Relu"] = ("Relu", [3], [], []),
            ["LeakyRelu"] = ("LeakyRelu", [3], [], []),
            ["Sigmoid"] = ("Sigmoid", [3], [], []),
            ["Tanh"] = ("Tanh", [3], [], []),
            ["Erf"] = ("Erf", [3], [], []),
            ["Clip"] = ("Clip", [3], [], [Weight(), Weight()]),
            ["Softmax"] = ("Softmax", [3, 4], [], []),
            ["LogSoftmax"] = ("LogSoftmax", [3, 4], [], []),
            ["Identity"] = ("Identity", [3], [], []),
            ["Dropout"] = ("Dropout", [3], [], []),
            ["GlobalAveragePool"] = ("GlobalAveragePool", [3, 4, 5], [], []),
            ["GlobalMaxPool"] = ("GlobalMaxPool", [3, 4], [], []),
            ["BatchNormalization"] = ("BatchNormalization", [3, 4], [], [Weight(3), Weight(3), Weight(3), Weight(3)]),
            ["Flatten"] = ("Flatten", [3, 4, 5], [], []),
            ["Flatten all"] = ("Flatten", [3, 4], new() { ["axis"] = 0L }, []),
            ["Flatten from the back"] = ("Flatten", [3, 4, 5], new() { ["axis"] = -1L }, []),
            ["Flatten nothing"] = ("Flatten", [3], new() { ["axis"] = 2L }, []),
            ["Reshape keeps the batch"] = ("Reshape", [3, 4], [], [Numbers(0, 12)]),
            ["Reshape infers the batch"] = ("Reshape", [3, 4], [], [Numbers(-1, 12)]),
            ["Reshape infers the rest"] = ("Reshape", [3, 4], [], [Numbers(0, -1, 2)]),
            ["Reshape mixes the batch"] = ("Reshape", [3, 4], [], [Numbers(-1, 4)]),
            ["Transpose"] = ("Transpose", [3, 4], new() { ["perm"] = new long[] { 1, 0, 2 } }, []),
            ["Transpose all"] = ("Transpose", [3, 4], [], []),
            ["Concat"] = ("Concat", [3], new() { ["axis"] = 1L }, [Weight(Batch, 5), Weight(Batch, 1)]),
            ["Squeeze"] = ("Squeeze", [1, 4, 1], [], [Numbers(1, -1)]),
            ["Squeeze all"] = ("Squeeze", [1, 4], [], []),
            ["Unsqueeze"] = ("Unsqueeze", [3], [], [Numbers(0, -1)]),
            ["Gather"] = ("Gather", [3, 4], new() { ["axis"] = 2L }, [Numbers(0, -1, 2)]),
            ["ReduceMean"] = ("ReduceMean", [3, 4], new() { ["axes"] = new long[] { -1 }, ["keepdims"] = 0L }, []),
            ["ReduceMean of all"] = ("ReduceMean", [3, 4], [], []),
        };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory, MemberData(nameof(Names))]
    public void The_inferred_shape_is_the_one_that_Onnx_Runtime_gives(string name)
    {
        var (opType, sample, attributes, constants) = Cases[name];
        var graph = Single(opType, sample, attributes, constants);

        Assert.Equal(ShapeAtRun(graph, sample), Fixed(ShapeInference.Of(graph)["y"], ShapeAtRun(graph, sample)));
    }

    [Fact]
    public void Windows_of_every_kind_slide_as_in_Onnx_Runtime()
    {
        int fitted = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var graph = RandomWindow(new RandomDraws(RandomKey.FromSeed((ulong)seed)), out int[] sample);
            if (!Infers(graph, out var shape))
                continue;
            fitted++;
            Assert.Equal(ShapeAtRun(graph, sample), Fixed(shape, ShapeAtRun(graph, sample)));
        }

        Assert.True(fitted > 100, $"Only {fitted} windows fitted.");
    }

    [Fact]
    public void The_batch_keeps_its_name_through_a_reshape()
    {
        foreach (var target in new[] { Numbers(-1, 12), Numbers(0, -1), Numbers(0, 12) })
            Assert.Equal(["N", 12], ShapeInference.Of(Single("Reshape", [3, 4], [], [target]))["y"]);
    }

    [Fact]
    public void A_reshape_by_computed_numbers_keeps_the_batch()
    {
        var graph = new ModelGraph(
            "view",
            [new("x", ElementType.Float, ["N", 3, 4])],
            [Output],
            [
                new("s", "Shape", ["x"], ["s"]), new("g", "Gather", ["s", "first"], ["g"]),
                new("u", "Unsqueeze", ["g", "axes"], ["u"]),
                new("c", "Concat", ["u", "rest"], ["c"], new Dictionary<string, AttributeValue> { ["axis"] = 0L }),
                new("r", "Reshape", ["x", "c"], ["y"]),
            ],
            [Initializer.Of("first", [], [0L]), Initializer.Of("axes", [1], [0L]), Initializer.Of("rest", [1], [-1L])]);

        Assert.Equal(["N", 12], ShapeInference.Of(graph)["y"]);
    }

    [Theory]
    [InlineData("LSTM", "its operator is not among")]
    [InlineData("Gemm", "it needs input 1")]
    [InlineData("Conv", "it needs input 1")]
    [InlineData("MaxPool", "kernel_shape must be 2 numbers")]
    [InlineData("Reshape", "input 1 must be at most 32 integers")]
    public void A_node_that_does_not_fit_is_named(string opType, string problem)
    {
        var graph = Single(opType, opType == "Gemm" ? [3] : [3, 4, 5], [], []);

        string message = Assert.Throws<InvalidPayloadException>(() => ShapeInference.Of(graph)).Message;

        Assert.Contains($"node 'the {opType}' ({opType})", message, StringComparison.Ordinal);
        Assert.Contains(problem, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_beyond_all_memory_is_refused()
    {
        var node = new Node("join", "Concat", ["x", "x"], ["y"], new Dictionary<string, AttributeValue> { ["axis"] = 0L });
        var graph = new ModelGraph("large", [new("x", ElementType.Float, [1 << 30, 1])], [Output], [node], []);

        Assert.Contains("passes 2147483647 values",
            Assert.Throws<InvalidPayloadException>(() => ShapeInference.Of(graph)).Message, StringComparison.Ordinal);
    }

    static ValueInfo Output => new("y", ElementType.Float, []) { HasShape = false };

    static ModelGraph Single(string opType, int[] sample, Dictionary<string, AttributeValue> attributes, Initializer[] constants)
    {
        Initializer[] named = [.. constants.Select((tensor, slot) =>
            new Initializer($"c{slot}", tensor.ElementType, tensor.Shape, tensor.Data))];
        var node = new Node($"the {opType}", opType, ["x", .. named.Select(tensor => tensor.Name)], ["y"], attributes);
        var input = new ValueInfo("x", ElementType.Float, ["N", .. sample.Select(length => (Dimension)length)]);
        return new ModelGraph(opType, [input], [Output], [node], named);
    }

    static long[] ShapeAtRun(ModelGraph graph, int[] sample) =>
        Runtime.Run(graph, [Batch, .. sample.Select(length => (long)length)],
            new float[sample.Aggregate(Batch, (product, length) => product * length)]).Shape;

    // The named symbol is the batch; one without a name may be anything.
    static long[] Fixed(IReadOnlyList<Dimension> shape, long[] real) =>
        [.. shape.Select((length, axis) => length.IsFixed ? length.Length : length.Name == "N" ? Batch : real[axis])];

    static ModelGraph RandomWindow(RandomDraws draws, out int[] sample)
    {
        sample = [2, 1 + draws.NextInt(9), 1 + draws.NextInt(9)];
        int kernel = 1 + draws.NextInt(4);
        string opType = new[] { "Conv", "MaxPool", "AveragePool" }[draws.NextInt(3)];
        string padding = new[] { "NOTSET", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER" }[draws.NextInt(5)];
        // The runtime fails on equal padding where windows leave gaps.
        int longest = padding.StartsWith("SAME", StringComparison.Ordinal) ? kernel : 3;
        var attributes = new Dictionary<string, AttributeValue>
        {
            ["kernel_shape"] = new long[] { kernel, kernel },
            ["strides"] = new long[] { 1 + draws.NextInt(longest), 1 + draws.NextInt(longest) },
            ["auto_pad"] = padding,
        };
        if (padding == "NOTSET")
            attributes["pads"] = new long[] { draws.NextInt(kernel), draws.NextInt(kernel), draws.NextInt(kernel),
                draws.NextInt(kernel) };
        if (opType != "AveragePool" && !padding.StartsWith("SAME", StringComparison.Ordinal))
            attributes["dilations"] = new long[] { 1 + draws.NextInt(2), 1 + draws.NextInt(2) };
        if (opType != "Conv" && padding == "NOTSET")
            attributes["ceil_mode"] = (long)draws.NextInt(2);
        return Single(opType, sample, attributes, opType == "Conv" ? [Weight(3, 2, kernel, kernel), Weight(3)] : []);
    }

    static bool Infers(ModelGraph graph, out IReadOnlyList<Dimension> shape)
    {
        try
        {
            shape = ShapeInference.Of(graph)["y"];
            return true;
        }
        catch (InvalidPayloadException)
        {
            shape = [];
            return false;
        }
    }

    static Initializer Weight(params int[] shape) =>
        Initializer.Of("", shape, new float[shape.Aggregate(1, (product, length) => product * length)]);

    static Initializer Numbers(params long[] values) => Initializer.Of("", [values.Length], values);
}

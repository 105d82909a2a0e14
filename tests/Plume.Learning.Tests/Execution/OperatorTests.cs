using Plume.Compression.Randomness;
using Plume.Learning.Execution;
using Plume.Models.Graph;
using Plume.Models.Zoo;

namespace Plume.Learning.Tests.Execution;

public class OperatorTests
{
    [Theory]
    [InlineData("logistic", 1, 8, 8)]
    [InlineData("mlp", 1, 8, 8)]
    [InlineData("lenet", 1, 28, 28)]
    [InlineData("resnet8", 3, 32, 32)]
    public void A_built_in_model_gives_what_onnx_runtime_gives(string name, int channels, int height, int width) =>
        Runtime.AssertAgree(ModelZoo.Build(name, [channels, height, width], 10, RandomKey.FromSeed(3)),
            [4, channels, height, width]);

    public static TheoryData<string> Operators => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Operators))]
    public void An_operator_gives_what_onnx_runtime_gives(string name)
    {
        var (operation, initializers) = Cases[name];
        Runtime.AssertAgree(GraphOf(operation, initializers), [2, 4, 9, 7]);
    }

    [Fact]
    public void An_unknown_operator_is_named_with_its_node_and_what_is_known()
    {
        var node = new Node("odd", "Einsum", ["x"], ["y"], new Dictionary<string, AttributeValue> { ["equation"] = "ij->ji" });
        var refusal = Assert.Throws<UnsupportedOperatorException>(() => new GraphExecutor(GraphOf(node, [])));
        Assert.StartsWith("Operator 'Einsum' of node 'odd' (Einsum) is not supported. Training and pruning by structure know "
            + "Abs, Add, And,", refusal.Message);
    }

    [Theory]
    [InlineData("Softmax")]
    [InlineData("LogSoftmax")]
    public void A_softmax_at_the_end_is_left_out_of_the_scores(string final)
    {
        var scores = Cases["Relu"].Node;
        var graph = new ModelGraph("g", [Input()], [new ValueInfo("p", ElementType.Float, Input().Shape)],
            [scores, new Node("end", final, ["y"], ["p"], new Dictionary<string, AttributeValue> { ["axis"] = 1L })], []);
        float[] input = Runtime.Input(2 * 4 * 9 * 7);
        Assert.Equal(Array.ConvertAll(input, value => Math.Max(0, value)), Runtime.Torch(graph, input, [2, 4, 9, 7]));
    }

    static readonly Dictionary<string, (Node Node, Initializer[] Initializers)> Cases = new()
    {
        ["Relu"] = (Of("Relu"), []),
        ["Sigmoid"] = (Of("Sigmoid"), []),
        ["Tanh"] = (Of("Tanh"), []),
        ["HardSwish"] = (Of("HardSwish"), []),
        ["HardSigmoid"] = (Of("HardSigmoid", ("alpha", 0.3f), ("beta", 0.4f)), []),
        ["LeakyRelu"] = (Of("LeakyRelu", ("alpha", 0.1f)), []),
        ["Identity"] = (Of("Identity"), []),
        ["Dropout, running"] = (Of("Dropout"), []),
        ["Clip"] = (With("Clip", "low", "high"), [Initializer.Of("low", [], [-0.5f]), Initializer.Of("high", [], [0.7f])]),
        ["Add, by channel"] = (With("Add", "w"), [Values("w", 4, 1, 1)]),
        ["Sub"] = (With("Sub", "w"), [Values("w", 1, 4, 9, 7)]),
        ["Mul"] = (With("Mul", "w"), [Values("w", 4, 1, 1)]),
        ["Div"] = (With("Div", "w"), [Values("w", 7)]),
        ["MatMul"] = (With("MatMul", "w"), [Values("w", 7, 5)]),
        ["Conv"] = (With("Conv", "w", "b"), [Values("w", 6, 4, 3, 3), Values("b", 6)]),
        ["Conv, strided, padded to one side, dilated"] =
            (With("Conv", "w") with
            {
                Attributes =
                Attributes(("strides", new long[] { 2, 1 }), ("pads", new long[] { 0, 1, 2, 1 }),
                    ("dilations", new long[] { 2, 1 }))
            }, [Values("w", 6, 4, 3, 3)]),
        ["Conv, in groups"] = (With("Conv", "w") with
        { Attributes = Attributes(("group", 2L), ("pads", new long[] { 1, 1, 1, 1 })) }, [Values("w", 6, 2, 3, 3)]),
        ["Conv, depthwise, same size"] =
            (With("Conv", "w") with
            {
                Attributes =
                Attributes(("group", 4L), ("auto_pad", "SAME_UPPER"), ("strides", new long[] { 2, 2 }))
            },
                [Values("w", 4, 1, 3, 3)]),
        ["Conv, same size, lower"] =
            (With("Conv", "w") with { Attributes = Attributes(("auto_pad", "SAME_LOWER"), ("strides", new long[] { 2, 2 })) },
                [Values("w", 4, 4, 2, 2)]),
        ["MaxPool"] = (Of("MaxPool", ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 })), []),
        ["MaxPool, ceiling, padded"] =
            (Of("MaxPool", ("kernel_shape", new long[] { 3, 3 }), ("strides", new long[] { 2, 2 }),
                ("pads", new long[] { 1, 1, 1, 1 }), ("ceil_mode", 1L)), []),
        ["AveragePool"] = (Of("AveragePool", ("kernel_shape", new long[] { 2, 3 }), ("strides", new long[] { 2, 1 })), []),
        ["AveragePool, padded, without its pads"] =
            (Of("AveragePool", ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 1, 1, 1 })), []),
        ["GlobalAveragePool"] = (Of("GlobalAveragePool"), []),
        ["BatchNormalization, running"] =
            (With("BatchNormalization", "s", "b", "m", "v"),
                [Values("s", 4), Values("b", 4), Values("m", 4), Initializer.Of("v", [4], [0.5f, 1, 2, 3])]),
        ["Flatten"] = (Of("Flatten", ("axis", 2L)), []),
        ["Reshape"] = (With("Reshape", "n"), [Initializer.Of("n", [3], [0L, -1L, 7L])]),
        ["Transpose"] = (Of("Transpose", ("perm", new long[] { 0, 2, 3, 1 })), []),
        ["Squeeze and unsqueeze"] = (With("Unsqueeze", "n"), [Initializer.Of("n", [2], [0L, -1L])]),
        ["Squeeze"] = (With("Squeeze"), []),
        ["ReduceMean"] = (Of("ReduceMean", ("axes", new long[] { 2, 3 }), ("keepdims", 0L)), []),
        ["Concat"] = (new Node("n", "Concat", ["x", "w"], ["y"], Attributes(("axis", 1L))), [Values("w", 2, 3, 9, 7)]),
    };

    static ModelGraph GraphOf(Node node, Initializer[] initializers) =>
        new("g", [Input()], [new ValueInfo("y", ElementType.Float, [])], [node], initializers,
            opsetVersion: node.OpType == "HardSwish" ? 14 : 13);

    static ValueInfo Input() => new("x", ElementType.Float, [2, 4, 9, 7]);

    static Node Of(string type, params (string Name, AttributeValue Value)[] attributes) =>
        new("n", type, ["x"], ["y"], Attributes(attributes));

    static Node With(string type, params string[] others) => new("n", type, ["x", .. others], ["y"]);

    static Dictionary<string, AttributeValue> Attributes(params (string Name, AttributeValue Value)[] attributes) =>
        attributes.ToDictionary(entry => entry.Name, entry => entry.Value);

    static Initializer Values(string name, params int[] shape) =>
        Initializer.Of(name, shape, Runtime.Input(shape.Aggregate(1, (product, length) => product * length), (ulong)name[0]));
}

using Plume.Learning.Execution.Operators;
using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Execution;

/// <summary>What an operator sees while its node is compiled: slots for its values, and the constants among them.</summary>
sealed class NodeCompiler(ModelGraph graph, Node node, Dictionary<string, int> slots)
{
    delegate Step Operator(NodeCompiler node);

    static readonly Dictionary<string, Operator> Operators = new(StringComparer.Ordinal)
    {
        ["Conv"] = Convolution.Compile,
        ["Gemm"] = Products.Gemm,
        ["MatMul"] = Products.MatMul,
        ["Add"] = node => Elementwise.Binary(node, static (left, right) => left + right),
        ["Sub"] = node => Elementwise.Binary(node, static (left, right) => left - right),
        ["Mul"] = node => Elementwise.Binary(node, static (left, right) => left * right),
        ["Div"] = node => Elementwise.Binary(node, static (left, right) => left / right),
        ["Relu"] = node => Elementwise.Unary(node, static x => x.relu()),
        ["Sigmoid"] = node => Elementwise.Unary(node, static x => x.sigmoid()),
        ["Tanh"] = node => Elementwise.Unary(node, static x => x.tanh()),
        ["HardSwish"] = node => Elementwise.Unary(node, static x => nn.functional.hardswish(x)),
        ["Identity"] = node => Elementwise.Unary(node, static x => x.alias()),
        ["LeakyRelu"] = Elementwise.LeakyRelu,
        ["HardSigmoid"] = Elementwise.HardSigmoid,
        ["Clip"] = Elementwise.Clip,
        ["Dropout"] = Elementwise.Dropout,
        ["MaxPool"] = Pooling.Max,
        ["AveragePool"] = Pooling.Average,
        ["GlobalAveragePool"] = node => Elementwise.Unary(node, static x => x.mean([2, 3], keepdim: true)),
        ["BatchNormalization"] = Normalization.Batch,
        ["Softmax"] = node => Elementwise.AlongAxis(node, -1, static (x, axis) => x.softmax(axis)),
        ["LogSoftmax"] = node => Elementwise.AlongAxis(node, -1, static (x, axis) => x.log_softmax(axis)),
        ["Concat"] = Arrangement.Concat,
        ["Flatten"] = Arrangement.Flatten,
        ["Reshape"] = Arrangement.Reshape,
        ["Transpose"] = Arrangement.Transpose,
        ["Squeeze"] = Arrangement.Squeeze,
        ["Unsqueeze"] = Arrangement.Unsqueeze,
        ["ReduceMean"] = Arrangement.ReduceMean,
        ["Constant"] = Arrangement.Constant,
        [FakeQuantizer.OpType] = FakeQuantization.Compile,
    };

    /// <summary>The operators that graphs may use.</summary>
    public static IEnumerable<string> Supported => Operators.Keys;

    public Node Node { get; } = node;

    /// <exception cref="UnsupportedOperatorException">The operator, or this use of it, is not supported.</exception>
    public Step Compile() => Operators.TryGetValue(Node.OpType, out var compile) ? compile(this) : throw UnsupportedOperatorException.Unknown(Node, Supported);

    /// <summary>The slot of a value that the node reads, or -1 where it is left out.</summary>
    public int Input(int index) => Node.Input(index) is { } name ? slots[name] : -1;

    /// <summary>The slot of a value that must be there.</summary>
    public int Needed(int index) => Input(index) is >= 0 and var slot ? slot : throw UnsupportedOperatorException.Use(Node, $"input {index} is missing");

    /// <summary>The slot of a value that the node writes.</summary>
    public int Output(int index = 0) => slots[Node.Outputs[index]];

    /// <summary>Whole numbers that the graph holds as a constant, such as a shape or axes; null where the input is left out.</summary>
    public long[]? ConstantInts(int index)
    {
        if (Node.Input(index) is not { } name)
            return null;
        var constant = graph.FindConstant(name);
        return constant is { ElementType: ElementType.Int64 }
            ? [.. constant.Ints]
            : throw UnsupportedOperatorException.Use(Node, $"input '{name}' must be a constant of 64-bit integers");
    }

    /// <summary>A number that the graph holds as a constant; null where the input is left out.</summary>
    public float? ConstantFloat(int index)
    {
        if (Node.Input(index) is not { } name)
            return null;
        var constant = graph.FindConstant(name);
        return constant is { ElementType: ElementType.Float, Length: 1 }
            ? constant.Floats[0]
            : throw UnsupportedOperatorException.Use(Node, $"input '{name}' must be a constant float");
    }

    public static Tensor TensorOf(Initializer constant)
    {
        long[] shape = [.. constant.Shape.Select(length => (long)length)];
        return constant.ElementType switch
        {
            ElementType.Float => tensor(constant.Floats.ToArray(), shape),
            ElementType.Int64 => tensor(constant.Ints.ToArray(), shape),
            _ => throw new UnsupportedOperatorException($"Constant '{constant.Name}' is of type {constant.ElementType}; Float and Int64 are supported."),
        };
    }
}

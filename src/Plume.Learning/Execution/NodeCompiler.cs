using System.Runtime.InteropServices;
using Plume.Learning.Execution.Operators;
using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Execution;

/// <summary>What an operator sees while its node is compiled: slots for its values, and the constants among them.</summary>
sealed class NodeCompiler(ModelGraph graph, Node node, Dictionary<string, int> slots)
{
    /// <summary>The operators that graphs may use.</summary>
    public static IEnumerable<string> Supported => Compilers.ByOperator.Keys;

    public Node Node { get; } = node;

    /// <summary>Version of ONNX's operator set that the node is written in.</summary>
    public int Opset => graph.OpsetVersion;

    /// <exception cref="UnsupportedOperatorException">The operator, or this use of it, is not supported.</exception>
    public Step Compile() => Compilers.ByOperator.TryGetValue(Node.OpType, out var compile) ? compile(this)
        : throw UnsupportedOperatorException.Unknown(Node, Supported);

    /// <summary>The slot of a value that the node reads, or -1 where it is left out.</summary>
    public int Input(int index) => Node.Input(index) is { } name ? slots[name] : -1;

    /// <summary>The slot of a value that must be there.</summary>
    public int Needed(int index) => Input(index) is >= 0 and var slot ? slot
        : throw UnsupportedOperatorException.Use(Node, $"input {index} is missing");

    /// <summary>The slot of a value that the node writes.</summary>
    public int Output(int index = 0) => slots[Node.Outputs[index]];

    /// <summary>Refuses a node whose further outputs are wanted: a mask, indices, statistics.</summary>
    public void RequireOneOutput()
    {
        if (Node.Outputs.Skip(1).FirstOrDefault(output => output.Length > 0) is { } further)
            throw UnsupportedOperatorException.Use(Node, $"only the first output is supported, not '{further}'");
    }

    /// <summary>Whole numbers that the graph holds as a constant, such as axes; null where the input is left out.</summary>
    public long[]? ConstantInts(int index)
    {
        if (Node.Input(index) is not { } name)
            return null;
        return Constant(index) is { ElementType: ElementType.Int64 or ElementType.Int32 } constant
            ? IntsOf(constant)
            : throw UnsupportedOperatorException.Use(Node, $"input '{name}' must be a constant of integers");
    }

    /// <summary>Floats that the graph holds as a constant; null where the input is left out.</summary>
    public float[]? ConstantFloats(int index)
    {
        if (Node.Input(index) is not { } name)
            return null;
        return Constant(index) is { ElementType: ElementType.Float } constant
            ? constant.Floats.ToArray()
            : throw UnsupportedOperatorException.Use(Node, $"input '{name}' must be a constant of floats");
    }

    /// <summary>Axes: an attribute in older operator sets, an input in newer ones; null where none are named.</summary>
    public long[]? Axes() => Node.Has("axes") ? Node.Ints("axes") : ConstantInts(1);

    /// <summary>
    /// Whole numbers of an attribute or of an input, which may be computed while the graph runs; null where neither is given.
    /// </summary>
    public Func<Frame, long[]?> Ints(int index, string attribute)
    {
        if (Node.Has(attribute) || Node.Input(index) is not { } name)
        {
            long[]? given = Node.Has(attribute) ? Node.Ints(attribute) : null;
            return _ => given;
        }

        if (graph.FindConstant(name) is not null)
        {
            long[]? constant = ConstantInts(index);
            return _ => constant;
        }

        int slot = Needed(index);
        return frame =>
        {
            using var wide = frame.Slots[slot].to_type(ScalarType.Int64).contiguous();
            return wide.data<long>().ToArray();
        };
    }

    /// <summary>An operator of one value and whole numbers.</summary>
    public Step WithInts(int index, Func<Tensor, long[]?, Tensor> function)
    {
        int input = Needed(0), output = Output();
        _ = Needed(index);
        var ints = Ints(index, "");
        return frame => frame.Slots[output] = function(frame.Slots[input], ints(frame));
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

    /// <summary>The type that values have here; null where there is none.</summary>
    public static ScalarType? TypeOf(ElementType type) => type switch
    {
        ElementType.Float => ScalarType.Float32,
        ElementType.Double => ScalarType.Float64,
        ElementType.Int64 => ScalarType.Int64,
        ElementType.Int32 => ScalarType.Int32,
        ElementType.Bool => ScalarType.Bool,
        _ => null,
    };

    /// <summary>A constant's values.</summary>
    /// <exception cref="UnsupportedOperatorException">They are of a type that is not supported.</exception>
    public static Tensor TensorOf(Initializer constant)
    {
        var type = TypeOf(constant.ElementType)
            ?? throw new UnsupportedOperatorException(
                $"Constant '{constant.Name}' is of type {constant.ElementType}; Float, Double, Int64, Int32 and Bool are "
                    + $"supported.");
        var values = empty([.. constant.Shape.Select(length => (long)length)], dtype: type);
        if (constant.Length > 0)
            constant.Data.Span.CopyTo(values.bytes);
        return values;
    }

    Initializer? Constant(int index) => graph.FindConstant(Node.Inputs[index]);

    static long[] IntsOf(Initializer constant) => constant.ElementType == ElementType.Int64
        ? [.. constant.Ints]
        : [.. MemoryMarshal.Cast<byte, int>(constant.Data.Span).ToArray().Select(value => (long)value)];
}

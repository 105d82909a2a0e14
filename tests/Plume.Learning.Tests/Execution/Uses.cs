using Plume.Models.Graph;
using static Plume.Learning.Tests.Execution.Use;

namespace Plume.Learning.Tests.Execution;

/// <summary>Random uses of the operators that work value by value, take values together, or make numbers.</summary>
static class Uses
{
    static readonly string[] Plain =
    [
        "Relu", "Sigmoid", "Tanh", "Sqrt", "Exp", "Log", "Neg", "Abs", "Erf", "Softplus", "Softsign", "HardSwish", "Mish",
        "Reciprocal", "Floor", "Ceil",
        "Round", "Sign", "Sin", "Cos", "Identity", "IsNaN",
    ];

    public static Dictionary<string, Func<Draw, Use>> All { get; } = new(Plain.Select(Unary)
        .Concat(new[] { "Add", "Sub", "Mul", "Div", "Pow" }.Select(op => Binary(op, draw => draw.Of(7, 13, 14))))
        .Concat(new[] { "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual" }.Select(op => Binary(op, _ => 16)))
        .Concat(new[] { "Max", "Min", "Sum", "Mean" }.Select(Joined))
        .Concat(new[] { "And", "Or", "Xor" }.Select(Logic))
        .Concat(new[] { "LeakyRelu", "Elu", "Celu", "ThresholdedRelu" }.Select(WithAlpha))
        .Concat(new[] { "Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp" }.Select(Reduction))
        .Concat(new[] { "ArgMax", "ArgMin" }.Select(Arg))
        .Concat(new[] { "Softmax", "LogSoftmax" }.Select(Softmax)))
    {
        ["Not"] = draw => new(draw.Shape(), 13, To("b", "Greater", $"x {draw.Scalar(0f)}"), Node("Not", "b")),
        ["Where"] = draw => draw.Shape() is var x
            ? new(x, 16, Node("Where", $"{draw.Bools(draw.Shrunk(x))} x {draw.Floats(draw.Shrunk(x))}")) : null!,
        ["Mod"] = draw => new(draw.Shape(), 13, Node("Mod", $"x {draw.Scalar(1.5f)}", ("fmod", 1L))),
        ["Selu"] = draw => new(draw.Shape(), 13, draw.Coin ? Node("Selu", "x")
            : Node("Selu", "x", ("alpha", 1.2f), ("gamma", 0.7f))),
        ["Gelu"] = draw => new(draw.Shape(), 20, Node("Gelu", "x", ("approximate", draw.Of("none", "tanh")))),
        ["HardSigmoid"] = draw =>
            new(draw.Shape(), 13, draw.Coin ? Node("HardSigmoid", "x")
                : Node("HardSigmoid", "x", ("alpha", 0.3f), ("beta", 0.4f))),
        ["PRelu"] = draw => draw.Shape() is var x ? new(x, 16, Node("PRelu", $"x {draw.Floats(draw.Shrunk(x))}")) : null!,
        ["Clip"] = Clip,
        ["Dropout"] = draw => draw.Coin ? new(draw.Shape(), 13, Node("Dropout", "x"))
            : new(draw.Shape(), 10, Node("Dropout", "x", ("ratio", 0.3f))),
        ["Cast"] = draw => new(draw.Shape(), 13,
            To("i", "Cast", "x", ("to",
                (long)draw.Of(ElementType.Int32, ElementType.Int64, ElementType.Bool, ElementType.Double))),
                Node("Cast", "i", ("to", 1L))),
        ["Constant"] = draw => new(draw.Shape(), 13,
            To("c", "Constant", "-", ("value", Initializer.Of("", [], [2f]))) with { Inputs = [] }, Node("Mul", "x c")),
        ["Shape"] = draw => new(draw.Shape(), 15,
            Node("Shape", "x", ("start", (long)draw.Int(-3, 3)), ("end", (long)draw.Int(-3, 3)))),
        ["Size"] = draw => new(draw.Shape(), 13, Node("Size", "x")),
        ["ConstantOfShape"] = draw =>
            new(draw.Shape(), 13, To("s", "Shape", "x"), draw.Coin ? Node("ConstantOfShape", "s")
                : Node("ConstantOfShape", "s", ("value", Initializer.Of("", [1], [3L])))),
        ["Range"] = draw => new(draw.Shape(), 13,
            Node("Range", $"{draw.Scalar((long)draw.Int(-5, 5))} {draw.Scalar((long)draw.Int(-5, 5))} "
                + $"{draw.Scalar((long)draw.Of(-3, -1, 1, 2))}")),
    };

    static KeyValuePair<string, Func<Draw, Use>> Unary(string op) =>
        new(op, draw => new(draw.Shape(0), op == "Mish" ? 18 : draw.Of(14, 18), Node(op, "x")));

    static KeyValuePair<string, Func<Draw, Use>> Binary(string op, Func<Draw, int> opset) => new(op, draw =>
    {
        int[] x = draw.Shape();
        string other = op == "Pow" ? draw.Scalar((float)draw.Of(2, 3)) : draw.Floats(draw.Shrunk(x));
        return new(x, opset(draw), Node(op, op == "Pow" || draw.Coin ? $"x {other}" : $"{other} x"));
    });

    static KeyValuePair<string, Func<Draw, Use>> Joined(string op) => new(op, draw =>
    {
        int[] x = draw.Shape();
        return new(x, 13, Node(op,
            draw.Of("x", $"x {draw.Floats(draw.Shrunk(x))}", $"{draw.Floats(draw.Shrunk(x))} x {draw.Floats(draw.Shrunk(x))}")));
    });

    static KeyValuePair<string, Func<Draw, Use>> Logic(string op) => new(op, draw =>
    {
        int[] x = draw.Shape();
        return new(x, 13, To("b", "Greater", $"x {draw.Scalar(0f)}"), Node(op, $"b {draw.Bools(draw.Shrunk(x))}"));
    });

    static KeyValuePair<string, Func<Draw, Use>> WithAlpha(string op) =>
        new(op, draw => new(draw.Shape(), op == "LeakyRelu" ? 16 : 13, draw.Coin ? Node(op, "x")
            : Node(op, "x", ("alpha", 0.3f))));

    // Axes are an input of ReduceSum from operator set 13 on, of the others from 18 on.
    static KeyValuePair<string, Func<Draw, Use>> Reduction(string kind) => new($"Reduce{kind}", draw =>
    {
        int[] x = draw.Shape();
        long[] axes = draw.Axes(x.Length);
        (string, AttributeValue) keep = ("keepdims", draw.Of(0L, 1L));
        return draw.Int(0, 3) switch
        {
            0 => new(x, 12, Node($"Reduce{kind}", "x", ("axes", axes), keep)),
            1 => new(x, 18, Node($"Reduce{kind}", $"x {draw.Ints(axes)}", keep)),
            2 => new(x, draw.Of(11, 18), Node($"Reduce{kind}", "x", keep)),
            _ => new(x, 18, Node($"Reduce{kind}", "x", keep, ("noop_with_empty_axes", 1L))),
        };
    });

    static KeyValuePair<string, Func<Draw, Use>> Arg(string op) => new(op, draw =>
    {
        int[] x = draw.Shape();
        return new(x, 13, Node(op, "x", ("axis", draw.Axis(draw.Int(0, x.Length - 1), x.Length)), ("keepdims", draw.Of(0L, 1L))));
    });

    static KeyValuePair<string, Func<Draw, Use>> Softmax(string op) => new(op, draw =>
    {
        int[] x = draw.Shape(2);
        return new(x, draw.Of(11, 13), draw.Coin ? Node(op, "x")
            : Node(op, "x", ("axis", draw.Axis(draw.Int(0, x.Length - 1), x.Length))));
    });

    static Use Clip(Draw draw) => draw.Int(0, 3) switch
    {
        0 => new(draw.Shape(), 10, Node("Clip", "x", ("min", -0.5f), ("max", 1f))),
        1 => new(draw.Shape(), 13, Node("Clip", $"x {draw.Scalar(-0.5f)}")),
        2 => new(draw.Shape(), 13, Node("Clip", $"x - {draw.Scalar(0.5f)}")),
        _ => new(draw.Shape(), 13, Node("Clip", $"x {draw.Scalar(-0.5f)} {draw.Scalar(1f)}")),
    };
}

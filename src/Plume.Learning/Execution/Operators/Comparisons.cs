using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Questions about values, and choices by their answers.</summary>
static class Comparisons
{
    public static (string, Compile)[] All { get; } =
    [
        ("Equal", node => Elementwise.Binary(node, static (left, right) => left.eq(right))),
        ("Greater", node => Elementwise.Binary(node, static (left, right) => left.gt(right))),
        ("GreaterOrEqual", node => Elementwise.Binary(node, static (left, right) => left.ge(right))),
        ("Less", node => Elementwise.Binary(node, static (left, right) => left.lt(right))),
        ("LessOrEqual", node => Elementwise.Binary(node, static (left, right) => left.le(right))),
        ("And", node => Elementwise.Binary(node, static (left, right) => left.logical_and(right))),
        ("Or", node => Elementwise.Binary(node, static (left, right) => left.logical_or(right))),
        ("Xor", node => Elementwise.Binary(node, static (left, right) => left.logical_xor(right))),
        ("Not", node => Elementwise.Unary(node, static x => x.logical_not())),
        ("IsNaN", node => Elementwise.Unary(node, static x => x.isnan())),
        ("Where", Where),
    ];

    static Step Where(NodeCompiler node)
    {
        int condition = node.Needed(0), yes = node.Needed(1), no = node.Needed(2), output = node.Output();
        return frame => frame.Slots[output] = where(frame.Slots[condition], frame.Slots[yes], frame.Slots[no]);
    }
}

using Plume.Compression.Wire;

namespace Plume.Models.Graph.Shapes;

/// <summary>What a shape rule sees: the node, the shapes of its inputs, and the values of those that are constant.</summary>
sealed class NodeInputs(Node node, KnownValues known)
{
    public Node Node { get; } = node;

    public int Count => Node.Inputs.Count;

    /// <summary>True where the input is given.</summary>
    public bool Has(int slot) => Node.Input(slot) is not null;

    /// <summary>The shape of an input that must be there.</summary>
    public IReadOnlyList<Dimension> Shape(int slot) => Node.Input(slot) is { } name
        ? known.Shapes[name]
        : throw Fail($"it needs input {slot}");

    /// <summary>The shape of an input that must have this many dimensions.</summary>
    public IReadOnlyList<Dimension> Shape(int slot, int rank) => Shape(slot) is { } shape && shape.Count == rank
        ? shape
        : throw Fail($"input {slot} must have {rank} dimensions, but is [{string.Join(", ", Shape(slot))}]");

    /// <summary>The integers of an input, flat, where they follow from constants and shapes; else null.</summary>
    public Number[]? Numbers(int slot) => Node.Input(slot) is { } name ? known.Numbers(name) : null;

    /// <summary>Integers from an input where there is one (newer operator sets), else from an attribute (older ones).</summary>
    public long[] InputOrAttribute(int slot, string attribute)
    {
        if (!Has(slot))
            return Node.Ints(attribute);
        return Numbers(slot) is { } numbers && numbers.All(number => number.Symbol is null)
            ? [.. numbers.Select(number => number.Value)]
            : throw Fail($"input {slot} must be at most {KnownValues.MaximumRank} constant integers");
    }

    /// <summary>The integers of an input that must be constant, and so many where a number is given.</summary>
    public long[] Constants(int slot, int? count = null) =>
        InputOrAttribute(slot, "") is var values && (count is null || values.Length == count)
        ? values
        : throw Fail($"input {slot} must be {count} integers, but is [{string.Join(", ", values)}]");

    /// <summary>The floats of an input, where it is a small initializer; else null.</summary>
    public float[]? Floats(int slot) => Node.Input(slot) is { } name ? known.Floats(name) : null;

    /// <summary>An axis counted from the front, from one that may count from the back.</summary>
    public int Axis(long axis, int rank) => axis >= -rank && axis < rank
        ? (int)(axis < 0 ? axis + rank : axis)
        : throw Fail($"axis {axis} is outside of {rank} dimensions");

    /// <summary>Refuses two lengths that cannot be equal.</summary>
    public Dimension Same(Dimension left, Dimension right, string what) =>
        Lengths.Common(left, right) ?? throw Fail($"{what} must be equal, but are {left} and {right}");

    public InvalidPayloadException Fail(string problem) => new($"The {Node} does not fit its inputs: {problem}.");
}

using Plume.Compression.Container;
using Plume.Models.Graph;

namespace Plume.Models.Shapes;

/// <summary>What is known of a graph's values while one walks along its nodes: all shapes, and small integers.</summary>
sealed class KnownValues
{
    /// <summary>More dimensions than any model has; bounds what a hostile file can ask for.</summary>
    public const int MaximumRank = 32;

    readonly Dictionary<string, IReadOnlyList<Dimension>> shapes = new(StringComparer.Ordinal);
    readonly Dictionary<string, Number[]> numbers = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, IReadOnlyList<Dimension>> Shapes => shapes;

    public Number[]? Numbers(string value) => numbers.GetValueOrDefault(value);

    public void Add(ValueInfo input)
    {
        if (IsTooLarge(input.Shape))
            throw new InvalidPayloadException($"The graph's input {input} passes {int.MaxValue} values a sample or {MaximumRank} dimensions.");
        shapes.Add(input.Name, input.Shape);
    }

    public void Add(Initializer tensor)
    {
        shapes.Add(tensor.Name, [.. tensor.Shape.Select(length => (Dimension)length)]);
        if (NumberRules.Of(tensor) is { } known)
            numbers.Add(tensor.Name, known);
    }

    /// <summary>Adds what a node writes.</summary>
    public void Add(Node node)
    {
        if (!ShapeRules.ByOperator.TryGetValue(node.OpType, out var rule))
        {
            throw new InvalidPayloadException(
                $"The shape of {node} cannot be told: its operator is not among {string.Join(", ", ShapeInference.Operators)}.");
        }

        var inputs = new NodeInputs(node, this);
        var shape = rule(inputs);
        if (IsTooLarge(shape))
            throw inputs.Fail($"its output [{string.Join(", ", shape)}] passes {int.MaxValue} values a sample or {MaximumRank} dimensions");
        // Further outputs are a mask or indices of the same shape, or the statistics of a batch.
        var further = node.OpType == "BatchNormalization" ? inputs.Shape(1) : shape;
        for (int slot = 0; slot < node.Outputs.Count; slot++)
        {
            if (node.Outputs[slot].Length > 0)
                shapes.Add(node.Outputs[slot], slot == 0 ? shape : further);
        }

        if (node.Outputs[0].Length > 0 && NumberRules.Of(inputs) is { } known)
            numbers.Add(node.Outputs[0], known);
    }

    static bool IsTooLarge(IReadOnlyList<Dimension> shape) => shape.Count > MaximumRank || Lengths.Product(shape) > int.MaxValue;
}

using Plume.Compression.Wire;
using Plume.Models.Graph.Operators;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Shapes;

/// <summary>What is known of a graph's values while one walks along its nodes: all shapes, and small integers.</summary>
sealed class KnownValues
{
    /// <summary>More dimensions than any model has; bounds what a hostile file can ask for.</summary>
    public const int MaximumRank = 32;

    readonly Dictionary<string, IReadOnlyList<Dimension>> shapes = new(StringComparer.Ordinal);
    readonly Dictionary<string, Number[]> numbers = new(StringComparer.Ordinal);

    readonly Dictionary<string, float[]> floats = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, IReadOnlyList<Dimension>> Shapes => shapes;

    /// <summary>The values of a small constant of floats.</summary>
    public float[]? Floats(string value) => floats.GetValueOrDefault(value);

    public Number[]? Numbers(string value) => numbers.GetValueOrDefault(value);

    /// <summary>What a graph's inputs and initializers tell.</summary>
    public static KnownValues Of(ModelGraph graph)
    {
        var known = new KnownValues();
        foreach (var input in graph.Inputs)
            known.Add(input.HasShape ? input
                : throw new InvalidPayloadException(
                    $"Input '{input.Name}' of the graph has no shape, so nothing is known of what it leads to."));
        foreach (var tensor in graph.Initializers)
            known.Add(tensor);
        return known;
    }

    public void Add(ValueInfo input)
    {
        if (IsTooLarge(input.Shape))
            throw new InvalidPayloadException(
                $"The graph's input {input} passes {int.MaxValue} values a sample or {MaximumRank} dimensions.");
        shapes.Add(input.Name, input.Shape);
    }

    public void Add(Initializer tensor)
    {
        shapes.Add(tensor.Name, [.. tensor.Shape.Select(length => (Dimension)length)]);
        if (NumberRules.Of(tensor) is { } known)
            numbers.Add(tensor.Name, known);
        if (tensor is { ElementType: ElementType.Float, Length: <= MaximumRank })
            floats.Add(tensor.Name, tensor.Floats.ToArray());
    }

    /// <summary>Adds what a node writes, where that can be told; false where it cannot.</summary>
    public bool TryAdd(Node node)
    {
        if (Catalogue.Find(node)?.Shape is null || node.Inputs.Any(input => input.Length > 0 && !shapes.ContainsKey(input)))
            return false;
        try
        {
            Add(node);
            return true;
        }
        catch (InvalidPayloadException)
        {
            // What does not fit is told by whoever needs it.
            return false;
        }
    }

    /// <summary>Adds what a node writes.</summary>
    public void Add(Node node)
    {
        if (node.Subgraphs.Any())
        {
            throw new InvalidPayloadException(
                $"The shape of {node} cannot be told: what it computes stands in graphs inside of "
                    + $"it{(node is { OpType: "If", Inputs: [var condition, ..] } ? $", and which of them is taken is known only when the model runs, by '{condition}'" : "")}. Export the model without it, or give evaluate, compress or quantize the file as it is.");
        }

        if (Catalogue.Find(node) is not { Shape: { } rule } entry)
        {
            throw new InvalidPayloadException(
                $"The shape of {node} cannot be told: its operator is not among {string.Join(", ", ShapeInference.Operators)}.");
        }

        var inputs = new NodeInputs(node, this);
        var shape = rule(inputs);
        for (int slot = 0; slot < node.Outputs.Count; slot++)
        {
            if (node.Outputs[slot].Length > 0)
                Add(inputs, node.Outputs[slot], slot == 0 || entry.Further is null ? shape : entry.Further(inputs, shape, slot));
        }

        if (node.Outputs[0].Length > 0 && entry.Numbers?.Invoke(inputs) is { } known)
            numbers.Add(node.Outputs[0], known);
        if (node.OpType == "Constant"
            && node.Tensor("value") is { ElementType: ElementType.Float, Length: <= MaximumRank } constant)
            floats.Add(node.Outputs[0], constant.Floats.ToArray());
    }

    void Add(NodeInputs inputs, string output, IReadOnlyList<Dimension> shape)
    {
        if (IsTooLarge(shape))
            throw inputs.Fail($"its output [{string.Join(", ", shape)}] passes {int.MaxValue} values a sample or {MaximumRank} "
                + $"dimensions");
        shapes.Add(output, shape);
    }

    static bool IsTooLarge(IReadOnlyList<Dimension> shape) => shape.Count > MaximumRank || Lengths.Product(shape) > int.MaxValue;
}

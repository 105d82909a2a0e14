using Plume.Models.Graph;

namespace Plume.Models.Shapes;

/// <summary>
/// The integers that a node computes from shapes and constants. Exporters write "flatten all but the batch" as
/// Shape, Gather, Concat and Reshape; without these rules the shape behind it would be unknown.
/// </summary>
static class NumberRules
{
    /// <summary>What the node's first output holds, flat, or null where that is not known.</summary>
    public static Number[]? Of(NodeInputs inputs) => inputs.Node.OpType switch
    {
        "Constant" => Of(inputs.Node.Tensor("value")),
        "Identity" or "Cast" or "Squeeze" or "Unsqueeze" => inputs.Numbers(0),
        "Shape" => Slice(inputs),
        "Gather" => Gather(inputs.Numbers(0), inputs.Numbers(1)),
        "Concat" => Concat(inputs),
        _ => null,
    };

    /// <summary>The integers of a small tensor.</summary>
    public static Number[]? Of(Initializer? tensor) => tensor is { ElementType: ElementType.Int64, Length: <= KnownValues.MaximumRank }
        ? [.. tensor.Ints.ToArray().Select(value => (Number)value)]
        : null;

    /// <summary>The dimensions that a Shape node reads, which may be a part of them (operator set 15).</summary>
    public static Number[] Slice(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        int Place(string attribute, long fallback)
        {
            long place = inputs.Node.Int(attribute, fallback);
            return (int)Math.Clamp(place < 0 ? place + data.Count : place, 0, data.Count);
        }

        return [.. data.Take(Place("end", data.Count)).Skip(Place("start", 0)).Select(dimension => (Number)dimension)];
    }

    static Number[]? Gather(Number[]? data, Number[]? indices)
    {
        if (data is null || indices is null)
            return null;
        long[] places = [.. indices.Select(index => index.Value < 0 ? index.Value + data.Length : index.Value)];
        return indices.All(index => index.Symbol is null) && places.All(place => place >= 0 && place < data.Length)
            ? [.. places.Select(place => data[place])]
            : null;
    }

    static Number[]? Concat(NodeInputs inputs)
    {
        var numbers = new List<Number>();
        for (int slot = 0; slot < inputs.Count; slot++)
        {
            if (inputs.Numbers(slot) is not { } part || numbers.Count + part.Length > KnownValues.MaximumRank)
                return null;
            numbers.AddRange(part);
        }

        return [.. numbers];
    }
}

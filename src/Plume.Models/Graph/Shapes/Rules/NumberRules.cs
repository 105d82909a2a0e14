using System.Runtime.InteropServices;

namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>
/// The integers that a node computes from shapes and constants. Exporters write "flatten all but the batch" as
/// Shape, Gather, Concat and Reshape; without these rules the shape behind it would be unknown.
/// </summary>
static class NumberRules
{

    /// <summary>The integers of a small tensor.</summary>
    public static Number[]? Of(Initializer? tensor) => tensor switch
    {
        { ElementType: ElementType.Int64, Length: <= KnownValues.MaximumRank } =>
            [.. tensor.Ints.ToArray().Select(value => (Number)value)],
        { ElementType: ElementType.Int32, Length: <= KnownValues.MaximumRank } =>
            [.. MemoryMarshal.Cast<byte, int>(tensor.Data.Span).ToArray().Select(value => (Number)value)],
        { ElementType: ElementType.Bool, Length: <= KnownValues.MaximumRank } =>
            [.. tensor.Data.ToArray().Select(value => (Number)(value == 0 ? 0 : 1))],
        _ => null,
    };

    public static Number[]? Constant(NodeInputs inputs) => Of(inputs.Node.Tensor("value"));

    public static Number[]? Passed(NodeInputs inputs) => inputs.Numbers(0);

    /// <summary>Integers stay what they are; what becomes a float is not followed.</summary>
    public static Number[]? Cast(NodeInputs inputs) => (ElementType)inputs.Node.Int("to", 0) switch
    {
        ElementType.Int64 or ElementType.Int32 => inputs.Numbers(0),
        ElementType.Bool => AllKnown(inputs.Numbers(0)) is { } known ? [.. known.Select(value => (Number)(value == 0 ? 0 : 1))]
            : null,
        _ => null,
    };

    /// <summary>The dimensions that a Shape node reads, which may be a part of them (operator set 15).</summary>
    public static Number[] Lengths(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        int Place(string attribute, long fallback)
        {
            long place = inputs.Node.Int(attribute, fallback);
            return (int)Math.Clamp(place < 0 ? place + data.Count : place, 0, data.Count);
        }

        return [.. data.Take(Place("end", data.Count)).Skip(Place("start", 0)).Select(dimension => (Number)dimension)];
    }

    public static Number[]? Count(NodeInputs inputs) => inputs.Shape(0).All(length => length.IsFixed)
        ? [Shapes.Lengths.Product(inputs.Shape(0))] : null;

    public static Number[]? Product(NodeInputs inputs) =>
        inputs.Node.Input(1) is null && !inputs.Node.Has("axes") && AllKnown(inputs.Numbers(0)) is { } values
        && values.All(value => value >= 0)
        ? [Shapes.Lengths.Product([.. values.Select(Dimension.Fixed)])]
        : null;

    public static Number[]? Gather(NodeInputs inputs)
    {
        if (inputs.Numbers(0) is not { } data || inputs.Shape(0).Count != 1 || AllKnown(inputs.Numbers(1)) is not { } indices)
            return null;
        long[] places = [.. indices.Select(index => index < 0 ? index + data.Length : index)];
        return places.All(place => place >= 0 && place < data.Length) ? [.. places.Select(place => data[place])] : null;
    }

    public static Number[]? Slice(NodeInputs inputs)
    {
        if (inputs.Numbers(0) is not { } data || inputs.Shape(0).Count != 1)
            return null;
        var (starts, ends, _, steps) = SliceRule.Bounds(inputs, rank: 1);
        if (starts is not [{ } start] || ends is not [{ } end])
            return null;
        var (first, count) = SliceRule.Span(data.Length, start, end, steps[0]);
        return [.. Enumerable.Range(0, (int)count).Select(index => data[first + index * steps[0]])];
    }

    public static Number[]? Concat(NodeInputs inputs)
    {
        var numbers = new List<Number>();
        for (int slot = 0; slot < inputs.Count; slot++)
        {
            if (inputs.Numbers(slot) is not { } part || inputs.Shape(slot).Count != 1
                || numbers.Count + part.Length > KnownValues.MaximumRank)
                return null;
            numbers.AddRange(part);
        }

        return [.. numbers];
    }

    /// <summary>One number, repeated; longer arrays where the shape does not change.</summary>
    public static Number[]? Spread(NodeInputs inputs)
    {
        if (inputs.Numbers(0) is not { } data || AllKnown(inputs.Numbers(1)) is not { } lengths)
            return null;
        long count = Shapes.Lengths.Product([.. lengths.Select(Dimension.Fixed)]);
        return data.Length == 1 && count <= KnownValues.MaximumRank ? [.. Enumerable.Repeat(data[0], (int)Math.Max(1, count))]
            : null;
    }

    /// <summary>Arithmetic, comparisons and choices, value by value.</summary>
    public static Number[]? Computed(NodeInputs inputs)
    {
        var operands = new Number[inputs.Count][];
        for (int slot = 0; slot < operands.Length; slot++)
        {
            if (inputs.Numbers(slot) is not { } given || inputs.Shape(slot).Count > 1)
                return null;
            operands[slot] = given;
        }

        int length = operands.Max(operand => operand.Length);
        if (operands.Any(operand => operand.Length != length && operand.Length != 1))
            return null;
        var results = new Number[length];
        for (int index = 0; index < length; index++)
        {
            if (NumberArithmetic.Of(inputs.Node.OpType, [.. operands.Select(operand => operand[operand.Length == 1 ? 0 : index])])
                is not { } result)
                return null;
            results[index] = result;
        }

        return results;
    }

    static long[]? AllKnown(Number[]? numbers) => numbers is not null && numbers.All(number => number.Symbol is null)
        ? [.. numbers.Select(number => number.Value)] : null;
}

namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>The shape behind a Reshape: lengths as told, 0 for a copy, and one -1 for what is left over.</summary>
static class ReshapeRule
{
    public static IReadOnlyList<Dimension> Reshape(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        if (inputs.Numbers(1) is not { } target)
        {
            return inputs.Has(1) && inputs.Shape(1) is [{ IsFixed: true, Length: <= KnownValues.MaximumRank } rank]
                ? [.. Enumerable.Repeat(Dimension.Symbol(""), (int)rank.Length)]
                : throw inputs.Fail($"input 1 must be at most {KnownValues.MaximumRank} integers");
        }

        if (target.Any(number => number.Value is < -1 or > int.MaxValue) || target.Count(number => number.Value == -1) > 1)
            throw inputs.Fail($"the new shape [{string.Join(", ", target.Select(number => number.Value))}] must have lengths, "
                + $"and one -1 at most");

        bool zeroCopies = inputs.Node.Int("allowzero", 0) == 0;
        var left = data.ToList();
        var placed = new List<Dimension>();
        var shape = new Dimension[target.Length];
        int open = -1;
        for (int axis = 0; axis < target.Length; axis++)
        {
            if (target[axis].Value == -1)
            {
                open = axis;
                continue;
            }

            shape[axis] = target[axis] == 0 && zeroCopies ? Copied(inputs, data, axis)
                : target[axis].Symbol ?? Dimension.Fixed(target[axis].Value);
            // What stands on both sides falls out of the quotient.
            if (!left.Remove(shape[axis]))
                placed.Add(shape[axis]);
        }

        var rest = Quotient(inputs, shape, left, placed, open >= 0);
        if (open >= 0)
            shape[open] = rest;
        return shape;
    }

    /// <summary>
    /// The lengths as constants: a symbol is copied where it stands in the same dimension of the input, or is what is left over;
    /// null where that cannot be.
    /// </summary>
    public static long[]? Literals(NodeInputs inputs, Number[] lengths, bool zeroCopies)
    {
        var data = inputs.Shape(0);
        long[] target = [.. lengths.Select(length => length.Value)];
        bool isOpen = lengths.Any(length => length.Symbol is null && length.Value == -1);
        for (int axis = 0; axis < target.Length; axis++)
        {
            if (lengths[axis].Symbol is not { } symbol)
                continue;
            if (zeroCopies && axis < data.Count && data[axis] == symbol && symbol.Name!.Length > 0)
                target[axis] = 0;
            else if (isOpen)
                return null;
            else
                (target[axis], isOpen) = (-1, true);
        }

        return target;
    }

    static Dimension Copied(NodeInputs inputs, IReadOnlyList<Dimension> data, int axis) => axis < data.Count
        ? data[axis]
        : throw inputs.Fail($"the new shape copies dimension {axis}, which [{string.Join(", ", data)}] lacks");

    static Dimension Quotient(NodeInputs inputs, Dimension[] shape, List<Dimension> left, List<Dimension> placed, bool open)
    {
        // Of no values there are none in either shape.
        if (!open && inputs.Shape(0).Contains(0) && shape.Contains(0))
            return 1;
        long product = Lengths.Product(left), taken = Lengths.Product(placed);
        var symbols = left.Where(dimension => !dimension.IsFixed).ToArray();
        if (symbols.Length == 1 && product == taken && open && placed.All(dimension => dimension.IsFixed))
            return symbols[0];
        if (symbols.Length > 0 || !placed.All(dimension => dimension.IsFixed))
            return Dimension.Symbol("");
        if (product == taken)
            return 1;
        return open && taken > 0 && product % taken == 0
            ? Dimension.Fixed(product / taken)
            : throw inputs.Fail($"[{string.Join(", ", inputs.Shape(0))}] does not fill the new shape");
    }
}

namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>The shape of a picture made larger or smaller, by factors or to a size.</summary>
static class ResizeRule
{
    public static IReadOnlyList<Dimension> Resize(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        int[] axes = Axes(inputs, data.Count);
        if (Scales(inputs) is { Length: > 0 } scales)
        {
            if (scales.Length != axes.Length || scales.Any(scale => !(scale > 0) || scale > int.MaxValue))
                throw inputs.Fail($"its scales [{string.Join(", ", scales)}] must be {axes.Length} positive numbers");
            return Replaced(data, axes, (length, index) => scales[index] == 1 ? length
                : length.IsFixed ? Dimension.Fixed((long)Math.Min(Math.Floor((float)length.Length * scales[index]), 1L << 32))
                : Dimension.Symbol(""));
        }

        if (inputs.Node.Text("keep_aspect_ratio_policy", "stretch") != "stretch")
            throw inputs.Fail("keep_aspect_ratio_policy must be 'stretch'");
        if (!inputs.Has(3))
            return Replaced(data, axes, (_, _) => Dimension.Symbol(""));
        if (inputs.Numbers(3) is not { } sizes)
            return Replaced(data, axes, (_, _) => Dimension.Symbol(""));
        return sizes.Length == axes.Length && sizes.All(size => size.Symbol is not null || size.Value is > 0 and <= int.MaxValue)
            ? Replaced(data, axes, (_, index) => sizes[index].Symbol ?? Dimension.Fixed(sizes[index].Value))
            : throw inputs.Fail($"its sizes [{string.Join(", ", sizes.Select(size => size.Value))}] must be {axes.Length} "
                + $"positive numbers");
    }

    /// <summary>The axes that scales or sizes are for: those of the attribute, else all.</summary>
    public static int[] Axes(NodeInputs inputs, int rank)
    {
        long[] named = inputs.Node.Ints("axes", [.. Enumerable.Range(0, rank).Select(axis => (long)axis)]);
        return [.. named.Select(axis => inputs.Axis(axis, rank))];
    }

    /// <summary>
    /// The factors: input 2, input 1 in operator set 10 and of Upsample, an attribute in the oldest; null where they are not
    /// constant.
    /// </summary>
    public static float[]? Scales(NodeInputs inputs)
    {
        int slot = inputs.Count == 2 ? 1 : 2;
        return inputs.Has(slot) ? inputs.Floats(slot) : inputs.Node.Floats("scales");
    }

    static Dimension[] Replaced(IReadOnlyList<Dimension> data, int[] axes, Func<Dimension, int, Dimension> length)
    {
        Dimension[] shape = [.. data];
        for (int index = 0; index < axes.Length; index++)
            shape[axes[index]] = length(data[axes[index]], index);
        return shape;
    }
}

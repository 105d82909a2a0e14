namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>Shapes of normalizations: those of their data, whose parameters must fit.</summary>
static class NormalizationRules
{
    public static IReadOnlyList<Dimension> Instance(NodeInputs inputs)
    {
        var data = Channeled(inputs);
        for (int slot = 1; slot <= 2; slot++)
            inputs.Same(inputs.Shape(slot, rank: 1)[0], data[1], $"the length of input {slot} and the channels");
        return data;
    }

    // Up to operator set 20 there is a scale for each group, later for each channel.
    public static IReadOnlyList<Dimension> Group(NodeInputs inputs)
    {
        var data = Channeled(inputs);
        long groups = inputs.Node.Int("num_groups", 0);
        if (groups < 1 || (data[1].IsFixed && data[1].Length % groups != 0))
            throw inputs.Fail($"num_groups {groups} must divide the {data[1]} channels");
        for (int slot = 1; slot <= 2; slot++)
        {
            var length = inputs.Shape(slot, rank: 1)[0];
            if (length != Dimension.Fixed(groups))
                inputs.Same(length, data[1], $"the length of input {slot} and the channels or groups");
        }

        return data;
    }

    public static IReadOnlyList<Dimension> Layer(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        _ = inputs.Axis(inputs.Node.Int("axis", -1), data.Count);
        for (int slot = 1; slot <= 2; slot++)
        {
            if (inputs.Has(slot) && ElementwiseRules.Broadcast(inputs, data, inputs.Shape(slot)).Count != data.Count)
                throw inputs.Fail($"input {slot} [{string.Join(", ", inputs.Shape(slot))}] is larger than the data "
                    + $"[{string.Join(", ", data)}]");
        }

        return data;
    }

    /// <summary>The mean and the spread that a LayerNormalization also gives.</summary>
    public static IReadOnlyList<Dimension> LayerStatistic(NodeInputs inputs, IReadOnlyList<Dimension> first, int slot)
    {
        int from = inputs.Axis(inputs.Node.Int("axis", -1), first.Count);
        return [.. first.Select((length, axis) => axis < from ? length : 1)];
    }

    static IReadOnlyList<Dimension> Channeled(NodeInputs inputs) => inputs.Shape(0) is { Count: >= 2 } data
        ? data
        : throw inputs.Fail($"input 0 must have a batch and channels, but is [{string.Join(", ", inputs.Shape(0))}]");
}

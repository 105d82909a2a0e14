namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>Shapes of quantizations: those of their data.</summary>
static class QuantizationRules
{
    public static IReadOnlyList<Dimension> FakeQuantize(NodeInputs inputs)
    {
        _ = FakeQuantizer.Of(inputs.Node);
        IReadOnlyList<Dimension> data = inputs.Shape(0), scales = inputs.Shape(1);
        if (scales.Count == 0)
            return data;
        string shown = $"the scales [{string.Join(", ", scales)}]";
        if (!inputs.Node.Has("axis"))
            throw inputs.Fail($"{shown} need the attribute 'axis'");
        int axis = inputs.Axis(inputs.Node.Int("axis", 0), data.Count);
        return scales.Count == 1 && Lengths.Common(scales[0], data[axis]) is not null
            ? data
            : throw inputs.Fail($"{shown} must be one, or one for each of {data[axis]} along axis {axis}");
    }
}

namespace Plume.Models.Graph.Shapes;

/// <summary>How a kernel slides along each spatial axis: what Conv, MaxPool and AveragePool have in common.</summary>
/// <param name="Kernel">Lengths of the kernel.</param>
/// <param name="Strides">Steps between two positions.</param>
/// <param name="Dilations">Distances between neighbours within the kernel.</param>
/// <param name="PadsBefore">Values added in front.</param>
/// <param name="PadsAfter">Values added behind.</param>
public sealed record SpatialWindow(
    IReadOnlyList<long> Kernel,
    IReadOnlyList<long> Strides,
    IReadOnlyList<long> Dilations,
    IReadOnlyList<long> PadsBefore,
    IReadOnlyList<long> PadsAfter)
{
    /// <summary>The window of a node over an input of these spatial lengths; <c>auto_pad</c> is worked out to pads.</summary>
    internal static SpatialWindow Of(NodeInputs inputs, long[] kernel, IReadOnlyList<Dimension> spatial, string? pads = null)
    {
        var node = inputs.Node;
        int axes = spatial.Count;
        long[] ones = [.. Enumerable.Repeat(1L, axes)];
        long[] strides = node.Ints("strides", ones), dilations = node.Ints("dilations", ones),
            given = node.Ints("pads", new long[2 * axes]);
        Require(inputs, "kernel_shape", kernel, axes, minimum: 1);
        Require(inputs, "strides", strides, axes, minimum: 1);
        Require(inputs, "dilations", dilations, axes, minimum: 1);
        Require(inputs, "pads", given, 2 * axes, minimum: 0);
        var window = new SpatialWindow(kernel, strides, dilations, given[..axes], given[axes..]);
        return (pads ?? node.Text("auto_pad", "NOTSET")) switch
        {
            "NOTSET" => window,
            "VALID" => window with { PadsBefore = new long[axes], PadsAfter = new long[axes] },
            "SAME_UPPER" => window.PadToSame(inputs, spatial, oddBefore: 0),
            "SAME_LOWER" => window.PadToSame(inputs, spatial, oddBefore: 1),
            var other => throw inputs.Fail($"auto_pad '{other}' is not one of NOTSET, VALID, SAME_UPPER, SAME_LOWER"),
        };
    }

    /// <summary>Spatial lengths of the output.</summary>
    internal IEnumerable<Dimension> Slide(NodeInputs inputs, IReadOnlyList<Dimension> spatial, bool ceiling = false) =>
        spatial.Select((length, axis) => length.IsFixed ? Slide(inputs, length.Length, axis, ceiling) : Dimension.Symbol(""));

    Dimension Slide(NodeInputs inputs, long length, int axis, bool ceiling)
    {
        long padded = length + PadsBefore[axis] + PadsAfter[axis];
        long room = padded - Reach(axis);
        if (room < 0)
            throw inputs.Fail($"a kernel that reaches over {Reach(axis)} values is longer than the {padded} values along axis "
                + $"{axis + 2}, padding included");
        long steps = ceiling ? (room + Strides[axis] - 1) / Strides[axis] : room / Strides[axis];
        // A last window that would start behind the values, in the padding, is left out.
        if (ceiling && steps * Strides[axis] >= length + PadsBefore[axis])
            steps--;
        return Dimension.Fixed(steps + 1);
    }

    SpatialWindow PadToSame(NodeInputs inputs, IReadOnlyList<Dimension> spatial, int oddBefore)
    {
        long[] totals = [.. spatial.Select((length, axis) => length.IsFixed
            ? Math.Max(0, ((length.Length + Strides[axis] - 1) / Strides[axis] - 1) * Strides[axis] + Reach(axis) - length.Length)
            : throw inputs.Fail($"auto_pad needs a fixed length along axis {axis + 2}"))];
        long[] before = [.. totals.Select(total => (total + oddBefore) / 2)];
        return this with { PadsBefore = before, PadsAfter = [.. totals.Zip(before, (total, first) => total - first)] };
    }

    long Reach(int axis) => (Kernel[axis] - 1) * Dilations[axis] + 1;

    // The bound keeps all of the arithmetic above within 64 bits.
    internal static void Require(NodeInputs inputs, string name, long[] values, int count, long minimum)
    {
        if (values.Length != count || values.Any(value => value < minimum || value > int.MaxValue))
            throw inputs.Fail($"{name} must be {count} numbers from {minimum} to {int.MaxValue}, but is "
                + $"[{string.Join(", ", values)}]");
    }
}

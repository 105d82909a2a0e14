namespace Plume.Models.Graph.Shapes;

/// <summary>How a kernel of a transposed convolution spreads along each spatial axis.</summary>
/// <param name="Window">Kernel, strides and dilations, and the pads that are cut off where no length is given.</param>
/// <param name="Added">Values added behind each axis.</param>
/// <param name="Output">Lengths of the output where the node gives these; else null.</param>
sealed record TransposedWindow(SpatialWindow Window, IReadOnlyList<long> Added, IReadOnlyList<long>? Output)
{
    public static TransposedWindow Of(NodeInputs inputs, long[] kernel, IReadOnlyList<Dimension> spatial)
    {
        var node = inputs.Node;
        string automatic = node.Text("auto_pad", "NOTSET");
        // What is padded to be the same is worked out by lengths here, so the window need not.
        var window = SpatialWindow.Of(inputs, kernel, spatial, pads: automatic is "SAME_UPPER" or "SAME_LOWER" ? "VALID"
            : automatic);
        long[] added = node.Ints("output_padding", new long[spatial.Count]);
        SpatialWindow.Require(inputs, "output_padding", added, spatial.Count, minimum: 0);
        if (!node.Has("output_shape"))
            return automatic is "SAME_UPPER" or "SAME_LOWER" ? new(window, added, Same(inputs, window, spatial))
                : new(window, added, null);
        long[] lengths = node.Ints("output_shape");
        SpatialWindow.Require(inputs, "output_shape", lengths, spatial.Count, minimum: 1);
        return new(window, added, lengths);
    }

    public IEnumerable<Dimension> Lengths(NodeInputs inputs, IReadOnlyList<Dimension> spatial) =>
        spatial.Select((length, axis) => Output is { } given ? Dimension.Fixed(given[axis]) : length.IsFixed
            ? Spread(inputs, length.Length, axis) : Dimension.Symbol(""));

    Dimension Spread(NodeInputs inputs, long length, int axis)
    {
        long reach = (Window.Kernel[axis] - 1) * Window.Dilations[axis] + 1;
        long spread = Window.Strides[axis] * (Math.Max(1, length) - 1) + Added[axis] + reach
            - Window.PadsBefore[axis] - Window.PadsAfter[axis];
        return spread >= 0 ? Dimension.Fixed(Math.Min(spread, 1L << 32))
            : throw inputs.Fail($"its pads take more than there is along axis {axis + 2}");
    }

    static long[] Same(NodeInputs inputs, SpatialWindow window, IReadOnlyList<Dimension> spatial) =>
        [.. spatial.Select((length, axis) => length.IsFixed
        ? Math.Min(length.Length, int.MaxValue) * window.Strides[axis]
        : throw inputs.Fail($"auto_pad needs a fixed length along axis {axis + 2}"))];
}

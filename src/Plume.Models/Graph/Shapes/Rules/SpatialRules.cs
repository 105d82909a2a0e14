namespace Plume.Models.Graph.Shapes.Rules;

/// <summary>Shapes of convolutions, pools and normalizations over [batch, channels, spatial...].</summary>
static class SpatialRules
{
    public static IReadOnlyList<Dimension> Conv(NodeInputs inputs)
    {
        var data = Spatial(inputs);
        var kernel = inputs.Shape(1, rank: data.Count);
        if (!kernel.All(length => length.IsFixed))
            throw inputs.Fail("the kernel must have fixed lengths");
        long group = inputs.Node.Int("group", 1);
        if (group < 1 || kernel[0].Length % group != 0 || group > kernel[0].Length)
            throw inputs.Fail($"group {group} must divide the {kernel[0]} output channels");
        if (group > int.MaxValue / Math.Max(1, kernel[1].Length))
            throw inputs.Fail($"group {group} asks for more channels than there can be");
        inputs.Same(data[1], Dimension.Fixed(kernel[1].Length * group), "the channels of the input and of the kernel");
        if (inputs.Has(2))
            inputs.Same(inputs.Shape(2, rank: 1)[0], kernel[0], "the lengths of the bias and of the kernel's first dimension");

        Dimension[] spatial = [.. data.Skip(2)];
        long[] lengths = [.. kernel.Skip(2).Select(length => length.Length)];
        if (inputs.Node.Has("kernel_shape") && !inputs.Node.Ints("kernel_shape").AsSpan().SequenceEqual(lengths))
            throw inputs.Fail($"kernel_shape is not that of the kernel [{string.Join(", ", kernel)}]");
        return [data[0], kernel[0], .. SpatialWindow.Of(inputs, lengths, spatial).Slide(inputs, spatial)];
    }

    public static IReadOnlyList<Dimension> ConvTranspose(NodeInputs inputs)
    {
        var data = Spatial(inputs);
        var kernel = inputs.Shape(1, rank: data.Count);
        if (!kernel.All(length => length.IsFixed))
            throw inputs.Fail("the kernel must have fixed lengths");
        long group = inputs.Node.Int("group", 1);
        if (group < 1 || kernel[0].Length % group != 0 || group > int.MaxValue / Math.Max(1, kernel[1].Length))
            throw inputs.Fail($"group {group} must divide the {kernel[0]} input channels");
        inputs.Same(data[1], kernel[0], "the channels of the input and of the kernel");
        var channels = Dimension.Fixed(kernel[1].Length * group);
        if (inputs.Has(2))
            inputs.Same(inputs.Shape(2, rank: 1)[0], channels, "the lengths of the bias and of the output's channels");
        Dimension[] spatial = [.. data.Skip(2)];
        return [data[0], channels, .. TransposedWindow.Of(inputs, [.. kernel.Skip(2).Select(length => length.Length)], spatial)
            .Lengths(inputs, spatial)];
    }

    public static IReadOnlyList<Dimension> Pool(NodeInputs inputs)
    {
        var data = Spatial(inputs);
        Dimension[] spatial = [.. data.Skip(2)];
        var window = SpatialWindow.Of(inputs, inputs.Node.Ints("kernel_shape"), spatial);
        return [data[0], data[1], .. window.Slide(inputs, spatial, ceiling: inputs.Node.Int("ceil_mode", 0) != 0)];
    }

    public static IReadOnlyList<Dimension> GlobalPool(NodeInputs inputs)
    {
        var data = Spatial(inputs);
        return [data[0], data[1], .. Enumerable.Repeat(Dimension.Fixed(1), data.Count - 2)];
    }

    public static IReadOnlyList<Dimension> BatchNormalization(NodeInputs inputs)
    {
        var data = inputs.Shape(0);
        if (data.Count < 2)
            throw inputs.Fail($"input 0 must have a batch and channels, but is [{string.Join(", ", data)}]");
        for (int slot = 1; slot <= 4; slot++)
            inputs.Same(inputs.Shape(slot, rank: 1)[0], data[1], $"the length of input {slot} and the channels");
        return data;
    }

    static IReadOnlyList<Dimension> Spatial(NodeInputs inputs) => inputs.Shape(0) is { Count: >= 3 } data
        ? data
        : throw inputs.Fail($"input 0 must be [batch, channels, lengths...], but is [{string.Join(", ", inputs.Shape(0))}]");
}

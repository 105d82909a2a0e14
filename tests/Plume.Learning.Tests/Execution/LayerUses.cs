using Plume.Models.Graph;
using static Plume.Learning.Tests.Execution.Use;

namespace Plume.Learning.Tests.Execution;

/// <summary>Random uses of products, windows, normalizations, and of what rearranges values.</summary>
static class LayerUses
{
    public static Dictionary<string, Func<Draw, Use>> All { get; } = new()
    {
        ["Conv"] = Conv,
        ["ConvTranspose"] = ConvTranspose,
        ["MaxPool"] = draw => Pool(draw, "MaxPool"),
        ["AveragePool"] = draw => Pool(draw, "AveragePool"),
        ["GlobalAveragePool"] = draw => new(draw.Shape(3, 5), 13, Node("GlobalAveragePool", "x")),
        ["GlobalMaxPool"] = draw => new(draw.Shape(3, 5), 13, Node("GlobalMaxPool", "x")),
        ["Gemm"] = Gemm,
        ["MatMul"] = MatMul,
        ["BatchNormalization"] = draw => draw.Shape(2, 5) is var x
            ? new(x, draw.Of(9, 13, 15),
                Node("BatchNormalization", $"x {draw.Floats(x[1])} {draw.Floats(x[1])} {draw.Floats(x[1])} {draw.Positive(x[1])}",
                    ("epsilon", 1e-3f))) : null!,
        ["InstanceNormalization"] = draw => draw.Shape(3, 5) is var x
            ? new(x, 13, Node("InstanceNormalization", $"x {draw.Floats(x[1])} {draw.Floats(x[1])}", ("epsilon", 1e-2f))) : null!,
        ["LayerNormalization"] = LayerNormalization,
        ["GroupNormalization"] = GroupNormalization,
        ["LRN"] = draw => new([2, draw.Int(1, 6), 2, 3], 13,
            Node("LRN", "x", ("size", draw.Of(1L, 3L, 5L)), ("alpha", 0.1f), ("beta", 0.6f), ("bias", 1.5f))),
        ["LpNormalization"] = draw =>
            new([2, 3, 4], 13, Node("LpNormalization", "x", ("axis", (long)draw.Int(-1, 2)), ("p", draw.Of(1L, 2L)))),
        ["Concat"] = Concat,
        ["Flatten"] = draw => draw.Shape() is var x
            ? new(x, 13, Node("Flatten", "x", ("axis", (long)draw.Int(-x.Length, x.Length)))) : null!,
        ["Reshape"] = Reshape,
        ["Transpose"] = draw => draw.Shape() is var x
            ? new(x, 13, draw.Coin ? Node("Transpose", "x")
            : Node("Transpose", "x",
                ("perm", Array.ConvertAll(draw.Axes(x.Length, x.Length), axis => axis < 0 ? axis + x.Length : axis)))) : null!,
        ["Squeeze"] = Squeeze,
        ["Unsqueeze"] = draw => draw.Shape(1, 3) is var x && draw.Axes(x.Length + 2) is var axes && axes.Length is 2
            ? draw.Coin ? new(x, 13, Node("Unsqueeze", $"x {draw.Ints(axes)}"))
            : new(x, 11, Node("Unsqueeze", "x", ("axes", axes)))
            : new([2], 13, Node("Unsqueeze", $"x {draw.Ints(-1)}")),
        ["Expand"] = draw => draw.Shape() is var x
            ? new(x, 13, Node("Expand",
                $"x {draw.Ints([.. draw.Coin ? [2L] : Array.Empty<long>(), .. x.Select(length => length == 1 ? draw.Int(1, 3) : draw.Of(1L, length))])}")) : null!,
        ["Tile"] = draw => draw.Shape() is var x
            ? new(x, 13, Node("Tile", $"x {draw.Ints([.. x.Select(_ => (long)draw.Int(1, 3))])}")) : null!,
        ["Pad"] = Pad,
        ["DepthToSpace"] = draw =>
            new([2, 4 * draw.Int(1, 3), 2, 3], 13, Node("DepthToSpace", "x", ("blocksize", 2L), ("mode", draw.Of("DCR", "CRD")))),
        ["SpaceToDepth"] = draw => new([2, draw.Int(1, 3), 4, 2], 13, Node("SpaceToDepth", "x", ("blocksize", 2L))),
        ["Gather"] = draw => draw.Shape() is var x && draw.Int(0, x.Length - 1) is var axis
            ? new(x, 13, Node("Gather",
                $"x {(draw.Coin ? draw.Scalar(draw.Axis(draw.Int(0, x[axis] - 1), x[axis])) : draw.Ints(draw.Axis(0, x[axis]), draw.Axis(x[axis] - 1, x[axis])))}", ("axis", draw.Axis(axis, x.Length)))) : null!,
        ["Slice"] = Slice,
        ["Split"] = Split,
        ["Resize"] = Resize,
        ["Upsample"] = draw => draw.Coin
            ? new([2, 3, 4, 3], 9, Node("Upsample", $"x {draw.Add(Initializer.Of("scales", [4], [1f, 1f, 2f, draw.Of(1f, 3f)]))}",
                ("mode", draw.Of("nearest", "linear"))))
            : new([2, 3, 4, 3], 8, Node("Upsample", "x", ("scales", new[] { 1f, 1f, 2f, 2f }), ("mode", "nearest"))),
    };

    static (string, AttributeValue)[] Window(Draw draw, int[] kernel, bool hasDilations)
    {
        string padding = draw.Of("NOTSET", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER");
        bool isSame = padding.StartsWith("SAME", StringComparison.Ordinal);
        long[] Each(int from, int to) => [.. kernel.Select(_ => (long)draw.Int(from, to))];
        var attributes = new List<(string, AttributeValue)>
        {
            ("kernel_shape", Array.ConvertAll(kernel, length => (long)length)),
            ("auto_pad", padding),
        };
        // The runtime fails on equal padding where windows leave gaps.
        attributes.Add(("strides", (long[])[.. kernel.Select(length => (long)draw.Int(1, isSame ? length : 3))]));
        if (padding == "NOTSET")
            attributes.Add(("pads", (long[])[.. kernel.Concat(kernel).Select(length => (long)draw.Int(0, length - 1))]));
        if (hasDilations && !isSame)
            attributes.Add(("dilations", Each(1, 2)));
        return [.. attributes];
    }

    static Use Conv(Draw draw)
    {
        int axes = draw.Int(1, 3), group = draw.Int(1, 3), depth = draw.Int(1, 2);
        int[] kernel = [.. Enumerable.Range(0, axes).Select(_ => draw.Int(1, 3))],
            x = [2, group * depth, .. kernel.Select(_ => draw.Int(3, 7))];
        string weight = draw.Floats([group * draw.Int(1, 2), depth, .. kernel]);
        string bias = draw.Coin ? $" {draw.Floats(draw.Initializers[0].Shape[0])}" : "";
        return new(x, 13, Node("Conv", $"x {weight}{bias}",
            [("group", (long)group), .. Window(draw, kernel, hasDilations: true)]));
    }

    static Use ConvTranspose(Draw draw)
    {
        int axes = draw.Int(1, 3), group = draw.Int(1, 2), depth = draw.Int(1, 2);
        int[] kernel = [.. Enumerable.Range(0, axes).Select(_ => draw.Int(1, 3))],
            x = [2, group * depth, .. kernel.Select(_ => draw.Int(2, 4))];
        long[] strides = [.. kernel.Select(_ => (long)draw.Int(1, 3))];
        string weight = draw.Floats([group * depth, draw.Int(1, 2), .. kernel]);
        string bias = draw.Coin ? $" {draw.Floats(group * draw.Initializers[0].Shape[1])}" : "";
        var attributes = new List<(string, AttributeValue)> { ("group", (long)group), ("strides", strides) };
        switch (draw.Int(0, 3))
        {
            case 0:
                attributes.Add(("pads", (long[])[.. kernel.Concat(kernel).Select(length => (long)draw.Int(0, length - 1))]));
                attributes.Add(("dilations", (long[])[.. kernel.Select(_ => (long)draw.Int(1, 2))]));
                break;
            case 1:
                attributes.Add(("output_padding", (long[])[.. strides.Select(stride => stride - 1)]));
                break;
            case 2:
                attributes.Add(("auto_pad", draw.Of("SAME_UPPER", "SAME_LOWER", "VALID")));
                break;
            default:
                attributes.Add(("output_shape",
                    (long[])[.. strides.Select((stride, axis) => stride * (x[axis + 2] - 1)
                        + kernel[axis] - draw.Int(0, kernel[axis] - 1))]));
                break;
        }

        return new(x, 11, Node("ConvTranspose", $"x {weight}{bias}", [.. attributes]));
    }

    static Use Pool(Draw draw, string op)
    {
        int[] kernel = [.. Enumerable.Range(0, draw.Int(1, 3)).Select(_ => draw.Int(1, 3))],
            x = [2, 2, .. kernel.Select(_ => draw.Int(3, 7))];
        var window = Window(draw, kernel, hasDilations: op == "MaxPool").ToList();
        if (window.Contains(("auto_pad", "NOTSET")))
            window.Add(("ceil_mode", draw.Of(0L, 1L)));
        if (op == "AveragePool")
            window.Add(("count_include_pad", draw.Of(0L, 1L)));
        return new(x, op == "AveragePool" ? 19 : 12, Node(op, "x", [.. window]));
    }

    static Use Gemm(Draw draw)
    {
        int rows = draw.Int(1, 4), inner = draw.Int(1, 4), columns = draw.Int(1, 4);
        bool transA = draw.Coin, transB = draw.Coin;
        string weight = draw.Floats(transB ? [columns, inner] : [inner, columns]);
        string bias = draw.Of(0, 1, 2, 3, 4, 5) switch
        {
            0 => "",
            1 => $" {draw.Floats(columns)}",
            2 =>
            $" {draw.Floats(1, columns)}",
            3 => $" {draw.Floats(rows, 1)}",
            4 => $" {draw.Floats(1)}",
            _ => $" {draw.Floats()}"
        };
        return new(transA ? [inner, rows]
            : [rows, inner], 13, Node("Gemm", $"x {weight}{bias}", ("transA", transA ? 1L : 0), ("transB", transB ? 1L : 0),
                ("alpha", draw.Of(1f, 0.5f)), ("beta", draw.Of(1f, 2f))));
    }

    static Use MatMul(Draw draw)
    {
        int inner = draw.Int(1, 4);
        int[] batch = draw.Shape(0, 2);
        int[] x = draw.Coin ? [.. batch, draw.Int(1, 3), inner] : [inner];
        string other = draw.Coin ? draw.Floats(inner)
            : draw.Floats([.. x.Length > 1 ? draw.Shrunk(batch) : batch, inner, draw.Int(1, 3)]);
        return new(x, 13, Node("MatMul", $"x {other}"));
    }

    static Use LayerNormalization(Draw draw)
    {
        int[] x = draw.Shape(2);
        int axis = draw.Int(0, x.Length - 1);
        string parameters = draw.Floats(x[axis..]) + (draw.Coin ? $" {draw.Floats(x[axis..])}" : "");
        return new(x, 17, Node("LayerNormalization", $"x {parameters}", ("axis", draw.Axis(axis, x.Length)), ("epsilon", 1e-2f)));
    }

    static Use GroupNormalization(Draw draw)
    {
        int groups = draw.Int(1, 3), channels = groups * draw.Int(1, 3);
        bool isNew = draw.Coin;
        int each = isNew ? channels : groups;
        return new([2, channels, .. draw.Shape(1, 2)], isNew ? 21
            : 18, Node("GroupNormalization", $"x {draw.Floats(each)} {draw.Floats(each)}", ("num_groups", (long)groups),
                ("epsilon", 1e-2f)));
    }

    static Use Concat(Draw draw)
    {
        int[] x = draw.Shape();
        int axis = draw.Int(0, x.Length - 1);
        int[] other = [.. x];
        other[axis] = draw.Int(1, 3);
        return new(x, 13, Node("Concat", draw.Coin ? $"x {draw.Floats(other)}"
            : $"{draw.Floats(other)} x {draw.Floats(other)}", ("axis", draw.Axis(axis, x.Length))));
    }

    static Use Reshape(Draw draw) => draw.Int(0, 4) switch
    {
        0 => new([2, 3, 4], 13, Node("Reshape", $"x {draw.Ints(0, -1)}")),
        1 => new([2, 3, 4], 13, Node("Reshape", $"x {draw.Ints(4, 0, 2)}")),
        2 => new([2, 3, 4], 14, Node("Reshape", $"x {draw.Ints(-1)}")),
        3 => new([2, 0, 4], 14, Node("Reshape", $"x {draw.Ints(0, 2)}", ("allowzero", 1L))),
        // What PyTorch writes for x.view(x.size(0), -1).
        _ => new(
            [draw.Int(1, 3), 3, 4], 13, To("s", "Shape", "x"), To("g", "Gather", $"s {draw.Scalar(0L)}", ("axis", 0L)),
            To("u", "Unsqueeze", $"g {draw.Ints(0)}"),
            To("c", "Concat", $"u {draw.Ints(-1)}", ("axis", 0L)), Node("Reshape", "x c")),
    };

    static Use Squeeze(Draw draw)
    {
        int[] x = draw.Shape(2);
        long[] axes = [.. x.Select((length, axis) => (length, axis)).Where(each => each.length == 1)
            .Select(each => draw.Axis(each.axis, x.Length))];
        return axes.Length == 0 || draw.Coin ? new(x, 13, Node("Squeeze", "x"))
            : draw.Coin ? new(x, 13, Node("Squeeze", $"x {draw.Ints(axes)}")) : new(x, 11, Node("Squeeze", "x", ("axes", axes)));
    }

    static Use Pad(Draw draw)
    {
        int[] x = [2, 3, 4];
        string mode = draw.Of("constant", "reflect", "edge");
        long[] pads = [.. Enumerable.Range(0, 6).Select(index => index % 3 == 0 ? 0L : draw.Int(0, 2))];
        return draw.Int(0, 2) switch
        {
            0 => new(x, 10, Node("Pad", "x", ("pads", pads), ("mode", mode), ("value", 1.5f))),
            1 => new(x, 13, Node("Pad", $"x {draw.Ints(pads)} {draw.Scalar(0.5f)}", ("mode", mode))),
            _ => new(x, 18, Node("Pad", $"x {draw.Ints(-1, 1)} - {draw.Ints(draw.Axis(2, 3))}")),
        };
    }

    static Use Slice(Draw draw)
    {
        int[] x = [draw.Int(1, 4), draw.Int(1, 6), draw.Int(1, 6)];
        long[] axes = draw.Axes(3);
        long[] starts = [.. axes.Select(_ => (long)draw.Int(-8, 8))];
        long[] ends = [.. axes.Select(_ => draw.Of((long)draw.Int(-8, 8), long.MaxValue, long.MinValue))];
        return draw.Int(0, 2) switch
        {
            0 => new(x, 9, Node("Slice", "x", ("starts", starts), ("ends", ends), ("axes", axes))),
            1 => new(x, 13, Node("Slice",
                $"x {draw.Ints(starts)} {draw.Ints(ends)} {draw.Ints(axes)} "
                    + $"{draw.Ints([.. axes.Select(_ => (long)draw.Of(-2, -1, 1, 2, 3))])}")),
            _ => new(x, 13, Node("Slice", $"x {draw.Ints(starts)} {draw.Ints(ends)} {draw.Ints(axes)}")),
        };
    }

    static Use Split(Draw draw)
    {
        string join = draw.Of("a", "b");
        Node[] Parts(Node split) => [split with { Name = "n-parts", Outputs = ["a", "b"] }, Use.Node("Identity", join)];
        return draw.Int(0, 3) switch
        {
            0 => new([2, 4], 13, Parts(Node("Split", "x", ("axis", -1L)))),
            1 => new([2, 5], 13, Parts(Node("Split", $"x {draw.Ints(2, 3)}", ("axis", 1L)))),
            2 => new([2, 5], 11, Parts(Node("Split", "x", ("axis", 1L), ("split", new long[] { 4, 1 })))),
            _ => new([2, 5], 18, Parts(Node("Split", "x", ("axis", 1L), ("num_outputs", 2L)))),
        };
    }

    static Use Resize(Draw draw)
    {
        int[] x = [1, 2, draw.Int(1, 5), draw.Int(1, 5)];
        string mode = draw.Of("nearest", "linear", "cubic");
        (string, AttributeValue)[] attributes =
        [
            ("mode", mode), ("coordinate_transformation_mode",
                draw.Of("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")),
            ("nearest_mode", draw.Of("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")),
        ];
        if (draw.Int(0, 3) == 0)
            return new(x, 10, Node("Resize", $"x {draw.Add(Initializer.Of("scales", [4], [1f, 1f, 2f, 2f]))}",
                ("mode", mode == "cubic" ? "linear" : mode)));
        return draw.Coin
            ? new(x, 13, Node("Resize",
                $"x - {draw.Add(Initializer.Of("scales", [4], [1f, 1f, draw.Of(2f, 0.6f, 1f), draw.Of(2f, 1.5f)]))}", attributes))
            : new(x, 13, Node("Resize", $"x - - {draw.Ints(1, 2, draw.Int(1, 7), draw.Int(1, 7))}", attributes));
    }
}

using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators.Spatial;

/// <summary>The largest or the mean value of a window that slides over one to three dimensions, or over all of them.</summary>
static class Pooling
{
    public static (string, Compile)[] All { get; } =
    [
        ("MaxPool", Max), ("AveragePool", Average),
        ("GlobalAveragePool", node => Elementwise.Unary(node, static x => x.mean(Spatial(x), keepdim: true))),
        ("GlobalMaxPool", node => Elementwise.Unary(node, static x => x.amax(Spatial(x), true))),
    ];

    static Step Max(NodeCompiler node)
    {
        node.RequireOneOutput();
        long[] kernel = node.Node.Ints("kernel_shape");
        var sliding = new Sliding(node.Node);
        return Elementwise.Unary(node, x =>
        {
            var window = sliding.Over(x, kernel);
            var padded = window.Pad(x, double.NegativeInfinity);
            long[] strides = window.Strides, pads = window.Symmetric, dilations = window.Dilations;
            // torch takes pads of at most half a window; a window over pads alone is never the largest.
            if (pads.Where((pad, axis) => pad > kernel[axis] / 2).Any())
                (padded, pads) = (window.PadAll(x, double.NegativeInfinity, window.After), new long[pads.Length]);
            return kernel.Length switch
            {
                1 => nn.functional.max_pool2d(padded.unsqueeze(2), [1, kernel[0]], [1, strides[0]], [0, pads[0]],
                    [1, dilations[0]], false).squeeze(2),
                2 => nn.functional.max_pool2d(padded, kernel, strides, pads, dilations, false),
                _ => nn.functional.max_pool3d(padded, kernel, strides, pads, dilations, false),
            };
        });
    }

    static Step Average(NodeCompiler node)
    {
        long[] kernel = node.Node.Ints("kernel_shape");
        bool countPads = node.Node.Int("count_include_pad", 0) != 0;
        if (node.Node.Ints("dilations").Any(dilation => dilation != 1))
            throw UnsupportedOperatorException.Use(node.Node, "a mean over a dilated window is not supported");
        var sliding = new Sliding(node.Node);
        return Elementwise.Unary(node, x =>
        {
            var window = sliding.Over(x, kernel);
            long[] pads = window.Symmetric;
            if (window.IsSymmetric && pads.Where((pad, axis) => pad > kernel[axis] / 2).Any() is false)
                return Mean(x, kernel, window.Strides, pads, countPads);
            // The mean of the values is that of all, pads as zeros, by the mean of ones where values are counted.
            long[] after = [.. window.After.Zip(window.Over, (behind, over) => behind + over)], none = new long[kernel.Length];
            var padded = window.PadAll(x, 0, after);
            using var counted = ones([1, 1, .. x.shape[2..]]);
            var counts = countPads
                ? (window with { Before = none })
                    .PadAll(ones([1, 1, .. x.shape[2..].Select((length, axis) => length
                        + window.Before[axis] + window.After[axis])]), 0, window.Over)
                : window.PadAll(counted, 0, after);
            return Mean(padded, kernel, window.Strides, none, countPads: true) / Mean(counts, kernel, window.Strides, none,
                countPads: true);
        });
    }

    static Tensor Mean(Tensor x, long[] kernel, long[] strides, long[] pads, bool countPads) => kernel.Length switch
    {
        1 => nn.functional.avg_pool2d(x.unsqueeze(2), [1, kernel[0]], [1, strides[0]], [0, pads[0]], false, countPads).squeeze(2),
        2 => nn.functional.avg_pool2d(x, kernel, strides, pads, false, countPads),
        _ => nn.functional.avg_pool3d(x, kernel, strides, pads, false, countPads),
    };

    static long[] Spatial(Tensor x) => [.. Enumerable.Range(2, (int)x.dim() - 2).Select(axis => (long)axis)];
}

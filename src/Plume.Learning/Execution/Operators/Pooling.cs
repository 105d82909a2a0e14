using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>The largest or the mean value of a window that slides over two dimensions.</summary>
static class Pooling
{
    public static Step Max(NodeCompiler node)
    {
        int input = node.Needed(0), output = node.Output();
        var (window, strides, dilations, ceiling) = Window(node);
        var padding = new Padding(node.Node, strides, dilations);
        return frame =>
        {
            var (padded, pads) = padding.Apply(frame.Slots[input], window, double.NegativeInfinity);
            frame.Slots[output] = nn.functional.max_pool2d(padded, window, strides, pads, dilations, ceiling);
        };
    }

    public static Step Average(NodeCompiler node)
    {
        int input = node.Needed(0), output = node.Output();
        var (window, strides, dilations, ceiling) = Window(node);
        bool countPads = node.Node.Int("count_include_pad", 0) != 0;
        var padding = new Padding(node.Node, strides, dilations);
        return frame =>
        {
            var (padded, pads) = padding.Apply(frame.Slots[input], window, 0);
            if (!countPads && !ReferenceEquals(padded, frame.Slots[input]))
                throw UnsupportedOperatorException.Use(node.Node, "pads that differ from side to side are supported only with count_include_pad");
            frame.Slots[output] = nn.functional.avg_pool2d(padded, window, strides, pads, ceiling, countPads);
        };
    }

    static (long[] Window, long[] Strides, long[] Dilations, bool Ceiling) Window(NodeCompiler node)
    {
        long[] window = node.Node.Ints("kernel_shape");
        if (window.Length != 2)
            throw UnsupportedOperatorException.Use(node.Node, $"a window of {window.Length} dimensions is not supported, only 2");
        return (window, node.Node.Ints("strides", 1, 1), node.Node.Ints("dilations", 1, 1), node.Node.Int("ceil_mode", 0) != 0);
    }
}

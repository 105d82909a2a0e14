using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Convolution over two dimensions, grouped, strided, dilated and padded as ONNX defines it.</summary>
static class Convolution
{
    public static Step Compile(NodeCompiler node)
    {
        int input = node.Needed(0), weight = node.Needed(1), bias = node.Input(2), output = node.Output();
        long[] strides = node.Node.Ints("strides", 1, 1), dilations = node.Node.Ints("dilations", 1, 1);
        if (strides.Length != 2)
            throw UnsupportedOperatorException.Use(node.Node, $"{strides.Length} dimensions are not supported, only 2");
        long groups = node.Node.Int("group", 1);
        var padding = new Padding(node.Node, strides, dilations);
        return frame =>
        {
            var kernel = frame.Slots[weight];
            var (padded, pads) = padding.Apply(frame.Slots[input], kernel.shape.AsSpan(2), 0);
            frame.Slots[output] = nn.functional.conv2d(padded, kernel, bias < 0 ? null : frame.Slots[bias], strides, pads, dilations, groups);
        };
    }
}

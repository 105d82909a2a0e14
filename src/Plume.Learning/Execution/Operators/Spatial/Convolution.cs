using Plume.Learning.Native;
using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators.Spatial;

/// <summary>
/// Convolutions over one to three dimensions, grouped, strided, dilated and padded as ONNX defines it, and their transposes.
/// </summary>
static class Convolution
{
    public static (string, Compile)[] All { get; } = [("Conv", Conv), ("ConvTranspose", ConvTranspose)];

    static Step Conv(NodeCompiler node)
    {
        int input = node.Needed(0), weight = node.Needed(1), bias = node.Input(2), output = node.Output();
        var sliding = new Sliding(node.Node);
        long groups = node.Node.Int("group", 1);
        return frame =>
        {
            var kernel = frame.Slots[weight];
            var window = sliding.Over(frame.Slots[input], kernel.shape.AsSpan(2));
            frame.Slots[output] = Apply(window.Pad(frame.Slots[input], 0), kernel, bias < 0 ? null
                : frame.Slots[bias], window, groups);
        };
    }

    static Step ConvTranspose(NodeCompiler node)
    {
        int input = node.Needed(0), weight = node.Needed(1), bias = node.Input(2), output = node.Output();
        var spreading = new Spreading(node.Node);
        long groups = node.Node.Int("group", 1);
        return frame =>
        {
            var kernel = frame.Slots[weight];
            var window = spreading.Over(frame.Slots[input], kernel.shape.AsSpan(2));
            var spread = window.Cut(Transposed(frame.Slots[input], kernel, window, groups));
            frame.Slots[output] = bias < 0 ? spread
                : spread.Plus(frame.Slots[bias].view([-1, .. Enumerable.Repeat(1L, (int)spread.dim() - 2)]));
        };
    }

    static Tensor Apply(Tensor x, Tensor kernel, Tensor? bias, Window window, long groups)
    {
        long[] strides = window.Strides, pads = window.Symmetric, dilations = window.Dilations;
        return strides.Length switch
        {
            1 => nn.functional.conv2d(x.unsqueeze(2), kernel.unsqueeze(2), bias, [1, strides[0]], [0, pads[0]], [1, dilations[0]],
                groups).squeeze(2),
            2 => nn.functional.conv2d(x, kernel, bias, strides, pads, dilations, groups),
            _ => nn.functional.conv3d(x, kernel, bias, strides, pads, dilations, groups),
        };
    }

    static Tensor Transposed(Tensor x, Tensor kernel, Spread window, long groups)
    {
        long[] strides = window.Strides, dilations = window.Dilations;
        return strides.Length switch
        {
            1 => nn.functional.conv_transpose2d(x.unsqueeze(2), kernel.unsqueeze(2), null, [1, strides[0]], [0, 0], [0, 0],
                [1, dilations[0]], groups).squeeze(2),
            2 => nn.functional.conv_transpose2d(x, kernel, null, strides, [0, 0], [0, 0], dilations, groups),
            _ => nn.functional.conv_transpose3d(x, kernel, null, strides, [0, 0, 0], [0, 0, 0], dilations, groups),
        };
    }
}

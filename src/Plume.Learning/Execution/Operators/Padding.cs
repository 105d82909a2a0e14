using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>The pads of a node that slides a window: given, or found from the input's size (auto_pad).</summary>
sealed class Padding
{
    readonly string automatic;
    readonly long[] pads;
    readonly long[] strides;
    readonly long[] dilations;

    public Padding(Node node, long[] strides, long[] dilations)
    {
        automatic = node.Text("auto_pad", "NOTSET");
        pads = node.Ints("pads", 0, 0, 0, 0);
        (this.strides, this.dilations) = (strides, dilations);
        if (automatic is not ("NOTSET" or "VALID" or "SAME_UPPER" or "SAME_LOWER"))
            throw UnsupportedOperatorException.Use(node, $"auto_pad '{automatic}' is not supported");
    }

    /// <summary>Pads that the operator itself can apply to both sides; where the sides differ the input is padded first.</summary>
    public (Tensor Input, long[] Pads) Apply(Tensor input, ReadOnlySpan<long> window, double filler)
    {
        var (top, left, bottom, right) = automatic switch
        {
            "NOTSET" => (pads[0], pads[1], pads[2], pads[3]),
            "VALID" => (0, 0, 0, 0),
            _ => Same(input, window),
        };
        return top == bottom && left == right
            ? (input, [top, left])
            : (nn.functional.pad(input, [left, right, top, bottom], TorchSharp.PaddingModes.Constant, filler), [0, 0]);
    }

    (long Top, long Left, long Bottom, long Right) Same(Tensor input, ReadOnlySpan<long> window)
    {
        long height = Missing(input.shape[2], window[0], 0), width = Missing(input.shape[3], window[1], 1);
        long top = automatic == "SAME_UPPER" ? height / 2 : height - height / 2, left = automatic == "SAME_UPPER" ? width / 2 : width - width / 2;
        return (top, left, height - top, width - left);
    }

    long Missing(long length, long window, int axis)
    {
        long outputs = (length + strides[axis] - 1) / strides[axis];
        return Math.Max(0, (outputs - 1) * strides[axis] + (window - 1) * dilations[axis] + 1 - length);
    }
}

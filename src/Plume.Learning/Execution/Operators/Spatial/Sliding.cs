using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators.Spatial;

/// <summary>How a node slides a window: as its attributes say, over one to three dimensions.</summary>
sealed class Sliding
{
    readonly string automatic;
    readonly Node node;
    readonly bool ceiling;

    public Sliding(Node node)
    {
        (this.node, automatic) = (node, node.Text("auto_pad", "NOTSET"));
        ceiling = node.Int("ceil_mode", 0) != 0;
        if (automatic is not ("NOTSET" or "VALID" or "SAME_UPPER" or "SAME_LOWER"))
            throw UnsupportedOperatorException.Use(node, $"auto_pad '{automatic}' is not supported");
    }

    /// <summary>The window over an input.</summary>
    /// <exception cref="UnsupportedOperatorException">There are more than three dimensions.</exception>
    public Window Over(Tensor input, ReadOnlySpan<long> kernel)
    {
        int axes = kernel.Length;
        if (axes is < 1 or > 3 || input.dim() != axes + 2)
            throw UnsupportedOperatorException.Use(node,
                $"a window of {axes} dimensions over [{string.Join(", ", input.shape)}] is not supported, only one to three");
        long[] ones = [.. Enumerable.Repeat(1L, axes)];
        var window = new Window(node.Ints("strides", ones), node.Ints("dilations", ones), new long[axes], new long[axes],
            new long[axes]);
        long[] pads = node.Ints("pads", new long[2 * axes]);
        for (int axis = 0; axis < axes; axis++)
        {
            long length = input.shape[axis + 2], reach = (kernel[axis] - 1) * window.Dilations[axis] + 1;
            (window.Before[axis], window.After[axis]) = automatic switch
            {
                "NOTSET" => (pads[axis], pads[axis + axes]),
                "VALID" => (0, 0),
                _ => Same(length, reach, window.Strides[axis]),
            };
            if (ceiling)
                window.Over[axis] = Overhang(length, reach, window, axis);
        }

        return window;
    }

    (long Before, long After) Same(long length, long reach, long stride)
    {
        long missing = Math.Max(0, ((length + stride - 1) / stride - 1) * stride + reach - length);
        long less = missing / 2;
        return automatic == "SAME_UPPER" ? (less, missing - less) : (missing - less, less);
    }

    // A last window that would start behind the values, in the padding, is left out.
    static long Overhang(long length, long reach, Window window, int axis)
    {
        long stride = window.Strides[axis], room = length + window.Before[axis] + window.After[axis] - reach;
        long steps = (room + stride - 1) / stride;
        if (steps * stride >= length + window.Before[axis])
            steps--;
        return Math.Max(0, steps * stride - room);
    }
}

/// <summary>A window over one input: pads before and behind, and how far a last window reaches over the end.</summary>
readonly record struct Window(long[] Strides, long[] Dilations, long[] Before, long[] After, long[] Over)
{
    /// <summary>True where the operator itself can pad.</summary>
    public bool IsSymmetric => Before.AsSpan().SequenceEqual(After) && Over.All(length => length == 0);

    /// <summary>The pads that the operator itself applies to both sides.</summary>
    public long[] Symmetric => IsSymmetric ? Before : new long[Before.Length];

    /// <summary>The input as it is where the operator can pad, else padded.</summary>
    public Tensor Pad(Tensor input, double filler) => IsSymmetric ? input
        : PadAll(input, filler, [.. After.Zip(Over, (after, over) => after + over)]);

    /// <summary>The input with so many values behind each axis, and what is before.</summary>
    public Tensor PadAll(Tensor input, double filler, long[] after)
    {
        var before = Before;
        return nn.functional.pad(input,
            [.. Enumerable.Range(0, before.Length).Reverse().SelectMany(axis => new[] { before[axis], after[axis] })],
            TorchSharp.PaddingModes.Constant, filler);
    }
}

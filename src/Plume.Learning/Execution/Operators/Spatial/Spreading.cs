using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators.Spatial;

/// <summary>How a node spreads a kernel, and which part of the result it keeps: a transposed convolution.</summary>
sealed class Spreading(Node node)
{
    readonly string automatic = node.Text("auto_pad", "NOTSET");

    public Spread Over(Tensor input, ReadOnlySpan<long> kernel)
    {
        int axes = kernel.Length;
        if (axes is < 1 or > 3 || input.dim() != axes + 2)
            throw UnsupportedOperatorException.Use(node,
                $"a window of {axes} dimensions over [{string.Join(", ", input.shape)}] is not supported, only one to three");
        long[] ones = [.. Enumerable.Repeat(1L, axes)], none = new long[axes];
        long[] strides = node.Ints("strides", ones), dilations = node.Ints("dilations", ones),
            pads = node.Ints("pads", new long[2 * axes]);
        long[] added = node.Ints("output_padding", none), given = node.Ints("output_shape");
        var spread = new Spread(strides, dilations, new long[axes], new long[axes]);
        for (int axis = 0; axis < axes; axis++)
        {
            long all = strides[axis] * (input.shape[axis + 2] - 1) + (kernel[axis] - 1) * dilations[axis] + 1;
            long? wanted = given.Length > 0 ? given[axis] : automatic is "SAME_UPPER" or "SAME_LOWER"
                ? input.shape[axis + 2] * strides[axis] : null;
            if (wanted is { } length)
            {
                long total = Math.Max(0, all + added[axis] - length);
                spread.Start[axis] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
                spread.Length[axis] = length;
            }
            else
            {
                bool isValid = automatic == "VALID";
                spread.Start[axis] = isValid ? 0 : pads[axis];
                spread.Length[axis] = all + added[axis] - (isValid ? 0 : pads[axis] + pads[axis + axes]);
            }
        }

        return spread;
    }
}

/// <summary>Strides and dilations, and the part of the whole result that is kept along each axis.</summary>
readonly record struct Spread(long[] Strides, long[] Dilations, long[] Start, long[] Length)
{
    public Tensor Cut(Tensor whole)
    {
        var (start, length) = (Start, Length);
        long[] pads = [.. Enumerable.Range(0, start.Length).Reverse()
            .SelectMany(axis => new[] { -start[axis], start[axis] + length[axis] - whole.shape[axis + 2] })];
        return pads.All(pad => pad == 0) ? whole : nn.functional.pad(whole, pads, TorchSharp.PaddingModes.Constant, 0);
    }
}

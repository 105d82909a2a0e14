using Plume.Models.Graph.Shapes;

namespace Plume.Models.Graph.Channels.Rules;

/// <summary>What products tie: the inner axes of both factors. What they write comes from the outer ones.</summary>
static class ProductChannels
{
    public static ChannelAxis[] Conv(ChannelWalk walk, NodeInputs inputs)
    {
        var node = inputs.Node;
        if (!walk.IsConstant(node.Inputs[1]))
            return walk.Stop(inputs, $"they pass {node}, whose weight is no initializer");
        ChannelAxis[] data = walk.Axes(node.Inputs[0]), kernel = walk.Axes(node.Inputs[1]);
        walk.Freeze(data.Skip(2), $"they are positions that {node} slides over");
        int groups = (int)node.Int("group", 1);
        long depth = inputs.Shape(1)[1].Length;
        Produce(walk, kernel[0]);
        if (groups == 1)
            JoinInner(walk, data[1], kernel[1]);
        else if (depth == 1)
            JoinDepthwise(walk, node, data[1], kernel[0]);
        else
            JoinGroups(walk, data[1], kernel, groups, (int)depth);
        if (node.Input(2) is { } bias)
            walk.Join(kernel[0], walk.Axes(bias)[0]);
        walk.Products.Add(new(node, groups > 1 && depth == 1 ? [kernel[0]] : [kernel[0], kernel[1]]));
        return [data[0], kernel[0], .. ChannelWalk.Fixed(data.Length - 2, $"they are positions that {node} slides over")];
    }

    /// <summary>Kernels lie along the second axis, and the channels that are read along the first.</summary>
    public static ChannelAxis[] ConvTranspose(ChannelWalk walk, NodeInputs inputs)
    {
        var node = inputs.Node;
        if (!walk.IsConstant(node.Inputs[1]))
            return walk.Stop(inputs, $"they pass {node}, whose weight is no initializer");
        ChannelAxis[] data = walk.Axes(node.Inputs[0]), kernel = walk.Axes(node.Inputs[1]);
        string positions = $"they are positions that {node} spreads";
        walk.Freeze(data.Skip(2), positions);
        int groups = (int)node.Int("group", 1);
        bool isDepthwise = groups > 1 && inputs.Shape(1) is var shape && shape[0] == groups && shape[1] == 1;
        if (groups > 1 && !isDepthwise)
            return walk.Stop(inputs, $"they pass {node}, a transposed convolution in groups");
        var written = kernel[isDepthwise ? 0 : 1];
        Produce(walk, written);
        if (isDepthwise)
            JoinDepthwise(walk, node, data[1], written);
        else
            JoinInner(walk, data[1], kernel[0]);
        if (node.Input(2) is { } bias)
            walk.Join(written, walk.Axes(bias)[0]);
        walk.Products.Add(new(node, isDepthwise ? [written] : [kernel[0], kernel[1]]));
        return [data[0], written, .. ChannelWalk.Fixed(data.Length - 2, positions)];
    }

    public static ChannelAxis[] Gemm(ChannelWalk walk, NodeInputs inputs)
    {
        var node = inputs.Node;
        ChannelAxis[] left = walk.Axes(node.Inputs[0]), right = walk.Axes(node.Inputs[1]);
        if (node.Int("transA", 0) != 0)
            left = [left[1], left[0]];
        if (node.Int("transB", 0) != 0)
            right = [right[1], right[0]];
        Multiply(walk, node, left, right);
        ChannelAxis[] output = [left[0], right[1]];
        if (node.Input(2) is { } bias)
            output = ElementwiseChannels.Broadcast(walk, (output, walk.Shape(node.Outputs[0])),
                (walk.Axes(bias), walk.Shape(bias)));
        walk.Products.Add(new(node, [output[0], output[1], left[1]]));
        return output;
    }

    public static ChannelAxis[] MatMul(ChannelWalk walk, NodeInputs inputs)
    {
        var node = inputs.Node;
        ChannelAxis[] left = walk.Axes(node.Inputs[0]), right = walk.Axes(node.Inputs[1]);
        if (left.Length < 2 || right.Length < 2)
            return walk.Stop(inputs, $"they pass {node}, a product with a vector");
        Multiply(walk, node, left, right);
        var batch = ElementwiseChannels.Broadcast(
            walk, (left[..^2], [.. inputs.Shape(0).SkipLast(2)]), (right[..^2], [.. inputs.Shape(1).SkipLast(2)]));
        ChannelAxis[] output = [.. batch, left[^2], right[^1]];
        walk.Products.Add(new(node, [.. output, left[^1]]));
        return output;
    }

    static void Multiply(ChannelWalk walk, Node node, ChannelAxis[] left, ChannelAxis[] right)
    {
        walk.Join(left[^1], right[^2]);
        if (walk.IsConstant(node.Inputs[0]))
        {
            Consume(walk, left[^1]);
            Produce(walk, left[^2]);
        }

        if (walk.IsConstant(node.Inputs[1]))
        {
            Consume(walk, right[^2]);
            Produce(walk, right[^1]);
        }
    }

    static void JoinInner(ChannelWalk walk, ChannelAxis data, ChannelAxis depth)
    {
        Consume(walk, depth);
        walk.Join(data, depth);
    }

    // Each channel has kernels of its own, one after another.
    static void JoinDepthwise(ChannelWalk walk, Node node, ChannelAxis data, ChannelAxis kernels)
    {
        if (data.Pinned is { } reason)
        {
            walk.Freeze(kernels, reason);
            return;
        }

        int each = kernels.Places.Length / data.Places.Length;
        for (int index = 0; index < kernels.Places.Length; index++)
            walk.Places.Join(data.Places[index / each], kernels.Places[index]);
        walk.Depthwise.Add(new(node, data));
    }

    // All groups must stay equally large, so the first channels of all groups are one, the second ones, and so on.
    static void JoinGroups(ChannelWalk walk, ChannelAxis data, ChannelAxis[] kernel, int groups, int depth)
    {
        int[] kernels = kernel[0].Places;
        int each = kernels.Length / groups;
        for (int index = each; index < kernels.Length; index++)
            walk.Places.Join(kernels[index % each], kernels[index]);
        Consume(walk, kernel[1]);
        if (data.Pinned is { } reason)
        {
            walk.Freeze(kernel[1], reason);
            return;
        }

        for (int index = 0; index < data.Places.Length; index++)
            walk.Places.Join(data.Places[index], kernel[1].Places[index % depth]);
    }

    static void Produce(ChannelWalk walk, ChannelAxis axis)
    {
        foreach (int place in axis.Pinned is null ? axis.Places : [])
            walk.Places.Produce(place);
    }

    static void Consume(ChannelWalk walk, ChannelAxis axis)
    {
        foreach (int place in axis.Pinned is null ? axis.Places : [])
            walk.Places.Consume(place);
    }
}

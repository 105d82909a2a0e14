using Plume.Learning.Native;
using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Normalizations, and softmaxes.</summary>
static class Normalization
{
    public static (string, Compile)[] All { get; } =
    [
        ("BatchNormalization", Batch), ("InstanceNormalization", Instance), ("LayerNormalization", Layer),
        ("GroupNormalization", Group),
        ("LRN", AcrossChannels), ("LpNormalization", Norm),
        ("Softmax", node => AlongAxis(node, static (x, axis) => x.softmax(axis))),
        ("LogSoftmax", node => AlongAxis(node, static (x, axis) => x.log_softmax(axis))),
    ];

    /// <summary>
    /// By the batch's mean and variance while training, which also move the running ones, by the running ones otherwise.
    /// Differs from ONNX: the running variance takes the unbiased variance of the batch, as torch does.
    /// </summary>
    static Step Batch(NodeCompiler node)
    {
        node.RequireOneOutput();
        int input = node.Needed(0), scale = node.Needed(1), shift = node.Needed(2), mean = node.Needed(3),
            variance = node.Needed(4), output = node.Output();
        double momentum = 1 - node.Node.Float("momentum", 0.9f), epsilon = node.Node.Float("epsilon", 1e-5f);
        return frame =>
        {
            var slots = frame.Slots;
            // A batch of one value a channel has no variance; the running one must do.
            bool training = frame.Training && slots[input].shape[0] > 1;
            slots[output] = nn.functional.batch_norm(slots[input], slots[mean], slots[variance], slots[scale], slots[shift],
                training, momentum, epsilon);
        };
    }

    static Step Instance(NodeCompiler node)
    {
        float epsilon = node.Node.Float("epsilon", 1e-5f);
        return Scaled(node, x => Centered(x, From(2, x), epsilon),
            static (x, each) => each.view([-1, .. Enumerable.Repeat(1L, (int)x.dim() - 2)]));
    }

    static Step Layer(NodeCompiler node)
    {
        node.RequireOneOutput();
        float epsilon = node.Node.Float("epsilon", 1e-5f);
        int axis = (int)node.Node.Int("axis", -1);
        return Scaled(node, x => Centered(x, From(axis < 0 ? axis + (int)x.dim() : axis, x), epsilon), static (_, each) => each);
    }

    static Step Group(NodeCompiler node)
    {
        float epsilon = node.Node.Float("epsilon", 1e-5f);
        long groups = node.Node.Int("num_groups", 1);
        return Scaled(
            node,
            x => Centered(x.reshape([x.shape[0], groups, -1]), [2], epsilon).reshape(x.shape),
            // Up to operator set 20 there is a scale for each group.
            (x, each) => (each.shape[0] == x.shape[1] ? each : each.repeat_interleave(x.shape[1] / groups))
                .view([-1, .. Enumerable.Repeat(1L, (int)x.dim() - 2)]));
    }

    static Step AcrossChannels(NodeCompiler node)
    {
        long size = node.Node.Int("size", 1);
        float alpha = node.Node.Float("alpha", 1e-4f), beta = node.Node.Float("beta", 0.75f), bias = node.Node.Float("bias", 1);
        return Elementwise.Unary(node, x =>
        {
            var squares = x * x;
            var sum = zeros_like(x);
            for (long offset = -(size - 1) / 2; offset <= size / 2; offset++)
            {
                long from = Math.Max(0, offset), count = x.shape[1] - Math.Abs(offset);
                if (count > 0)
                {
                    var part = squares.narrow(1, from, count);
                    long[] pads = [.. new long[2 * ((int)x.dim() - 2)], Math.Max(0, -offset), Math.Max(0, offset)];
                    sum = sum.Plus(nn.functional.pad(part, pads, TorchSharp.PaddingModes.Constant, 0));
                }
            }

            return x / (sum * (alpha / size)).Plus(bias).Power(beta);
        });
    }

    static Step Norm(NodeCompiler node)
    {
        long order = node.Node.Int("p", 2), axis = node.Node.Int("axis", -1);
        return Elementwise.Unary(node,
            x => x / (order == 1 ? x.abs().sum([axis], keepdim: true) : (x * x).sum([axis], keepdim: true).sqrt()));
    }

    // Before operator set 13 all dimensions from the axis on are one.
    static Step AlongAxis(NodeCompiler node, Func<Tensor, long, Tensor> function)
    {
        bool isSingle = node.Opset >= 13;
        long axis = node.Node.Int("axis", isSingle ? -1 : 1);
        return Elementwise.Unary(node, x => isSingle ? function(x, axis)
            : function(x.flatten(axis < 0 ? axis + x.dim() : axis), axis < 0 ? axis + x.dim() : axis).reshape(x.shape));
    }

    static Step Scaled(NodeCompiler node, Func<Tensor, Tensor> normalize, Func<Tensor, Tensor, Tensor> place)
    {
        int input = node.Needed(0), scale = node.Needed(1), shift = node.Input(2), output = node.Output();
        return frame =>
        {
            var x = frame.Slots[input];
            var scaled = normalize(x) * place(x, frame.Slots[scale]);
            frame.Slots[output] = shift < 0 ? scaled : scaled.Plus(place(x, frame.Slots[shift]));
        };
    }

    static Tensor Centered(Tensor x, long[] axes, float epsilon)
    {
        var centered = x - x.mean(axes, keepdim: true);
        return centered / (centered * centered).mean(axes, keepdim: true).Plus(epsilon).sqrt();
    }

    static long[] From(int axis, Tensor x) => [.. Enumerable.Range(axis, (int)x.dim() - axis).Select(each => (long)each)];
}

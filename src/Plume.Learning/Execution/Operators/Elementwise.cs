using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Operators that work value by value.</summary>
static class Elementwise
{
    public static Step Unary(NodeCompiler node, Func<Tensor, Tensor> function)
    {
        int input = node.Needed(0), output = node.Output();
        return frame => frame.Slots[output] = function(frame.Slots[input]);
    }

    public static Step Binary(NodeCompiler node, Func<Tensor, Tensor, Tensor> function)
    {
        int left = node.Needed(0), right = node.Needed(1), output = node.Output();
        return frame => frame.Slots[output] = function(frame.Slots[left], frame.Slots[right]);
    }

    public static Step AlongAxis(NodeCompiler node, long fallback, Func<Tensor, long, Tensor> function)
    {
        long axis = node.Node.Int("axis", fallback);
        return Unary(node, x => function(x, axis));
    }

    public static Step LeakyRelu(NodeCompiler node)
    {
        double slope = node.Node.Float("alpha", 0.01f);
        return Unary(node, x => nn.functional.leaky_relu(x, slope));
    }

    public static Step HardSigmoid(NodeCompiler node)
    {
        float slope = node.Node.Float("alpha", 0.2f), offset = node.Node.Float("beta", 0.5f);
        return Unary(node, x => (x * slope + offset).clamp(0, 1));
    }

    public static Step Clip(NodeCompiler node)
    {
        float? low = node.Node.Has("min") ? node.Node.Float("min", 0) : node.ConstantFloat(1);
        float? high = node.Node.Has("max") ? node.Node.Float("max", 0) : node.ConstantFloat(2);
        return Unary(node, x => x.clamp(low ?? float.NegativeInfinity, high ?? float.PositiveInfinity));
    }

    /// <summary>Drops values while training, by draws that belong to the step, and scales the others up.</summary>
    public static Step Dropout(NodeCompiler node)
    {
        float ratio = node.ConstantFloat(1) ?? node.Node.Float("ratio", 0.5f);
        int input = node.Needed(0), output = node.Output();
        return frame =>
        {
            var x = frame.Slots[input];
            if (!frame.Training || ratio == 0)
            {
                frame.Slots[output] = x.alias();
                return;
            }

            using var generator = new Generator(frame.Key.Fold((ulong)output).Value);
            var keep = rand(x.shape, generator: generator).ge(ratio).to_type(ScalarType.Float32);
            frame.Slots[output] = x * keep / (1 - ratio);
        };
    }
}

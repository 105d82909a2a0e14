using Plume.Models.Graph;
using Plume.Models.Shapes;

namespace Plume.Models.Prune.Channels.Rules;

/// <summary>From the axes of a node's inputs to those of its first output; ties what the operator ties.</summary>
delegate ChannelAxis[] ChannelRule(ChannelWalk walk, NodeInputs inputs);

/// <summary>The channel rule of each operator.</summary>
static class ChannelRules
{
    static readonly string[] Elementwise = ["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "PRelu"];

    static readonly string[] Unchanged =
    [
        "Relu", "LeakyRelu", "Sigmoid", "Tanh", "Sqrt", "Exp", "Log", "Neg", "Abs", "Erf", "Clip", "Identity", "Dropout", "Cast", "Elu",
        "Selu", "Celu", "Gelu", "Softplus", "Softsign", "HardSigmoid", "HardSwish", "Mish", "Reciprocal", "Floor", "Ceil", "Round", "Sign",
    ];

    public static Dictionary<string, ChannelRule> ByOperator { get; } = new(StringComparer.Ordinal)
    {
        ["Conv"] = ProductChannels.Conv,
        ["Gemm"] = ProductChannels.Gemm,
        ["MatMul"] = ProductChannels.MatMul,
        ["BatchNormalization"] = ElementwiseChannels.BatchNormalization,
        ["QuantizeLinear"] = ElementwiseChannels.Quantize,
        ["DequantizeLinear"] = ElementwiseChannels.Quantize,
        [FakeQuantizer.OpType] = ElementwiseChannels.Quantize,
        ["MaxPool"] = ElementwiseChannels.Pool,
        ["AveragePool"] = ElementwiseChannels.Pool,
        ["GlobalAveragePool"] = ElementwiseChannels.Pool,
        ["GlobalMaxPool"] = ElementwiseChannels.Pool,
        ["Softmax"] = ElementwiseChannels.Softmax,
        ["LogSoftmax"] = ElementwiseChannels.Softmax,
        ["Concat"] = ArrangementChannels.Concat,
        ["Transpose"] = ArrangementChannels.Transpose,
        ["ReduceMean"] = ArrangementChannels.Reduce,
        ["Gather"] = ArrangementChannels.Gather,
        ["Shape"] = (_, inputs) => ChannelWalk.Fixed(1, $"they meet {inputs.Node}"),
        ["Constant"] = (walk, inputs) => ChannelWalk.Fixed(walk.Shape(inputs.Node.Outputs[0]).Count, $"they meet {inputs.Node}, a constant that is no initializer"),
        ["Flatten"] = ReshapeChannels.Flow,
        ["Squeeze"] = ReshapeChannels.Flow,
        ["Unsqueeze"] = ReshapeChannels.Flow,
        ["Reshape"] = ReshapeChannels.Reshape,
    };

    static ChannelRules()
    {
        foreach (string operation in Elementwise)
            ByOperator.Add(operation, ElementwiseChannels.Broadcast);
        foreach (string operation in Unchanged)
            ByOperator.Add(operation, (walk, inputs) => walk.Axes(inputs.Node.Inputs[0]));
    }
}

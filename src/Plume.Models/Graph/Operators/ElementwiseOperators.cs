using Plume.Compression.Weights;
using Plume.Models.Graph.Channels.Rules;
using Plume.Models.Graph.Shapes.Rules;

namespace Plume.Models.Graph.Operators;

/// <summary>Operators that work value by value.</summary>
static class ElementwiseOperators
{
    static readonly string[] Plain =
    [
        "Tanh", "Sqrt", "Exp", "Log", "Neg", "Abs", "Erf", "Elu", "Selu", "Celu", "Gelu", "Softplus", "Softsign", "HardSigmoid",
        "HardSwish", "Mish",
        "Reciprocal", "Floor", "Ceil", "Round", "Sign", "Sin", "Cos", "Not", "IsNaN", "ThresholdedRelu",
    ];

    static readonly string[] Joining =
    [
        "Max", "Min", "Sum", "Mean", "Pow", "Mod", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or",
        "Xor", "Where",
    ];

    public static Operator[] All { get; } =
    [
        .. Plain.Select(Unary),
        Unary("Relu") with { Quantization = QuantizationKind.Attached },
        Unary("Clip") with { Quantization = QuantizationKind.Attached },
        Unary("LeakyRelu") with { Quantization = QuantizationKind.Integer },
        Unary("Sigmoid") with { Quantization = QuantizationKind.Integer, IsAnswer = true },
        Unary("Identity") with { Quantization = QuantizationKind.Idle, HandsOn = true, Numbers = NumberRules.Passed },
        Unary("Dropout") with { Quantization = QuantizationKind.Idle },
        Unary("Cast") with { Numbers = NumberRules.Cast },
        .. Joining.Select(Broadcasting),
        Broadcasting("Add") with { Quantization = QuantizationKind.Integer, Roles = Roles.Added },
        Broadcasting("Sub"),
        Broadcasting("Mul") with { Quantization = QuantizationKind.Integer },
        Broadcasting("Div"),
        new("PRelu", ElementwiseRules.BroadcastToFirst) { Channels = ElementwiseChannels.Broadcast,
            Roles = Roles.Of(null, TensorRole.Normalization) },
    ];

    static Operator Unary(string name) => new(name, ElementwiseRules.Unchanged)
    {
        Channels = static (walk, inputs) => walk.Axes(inputs.Node.Inputs[0]),
        Numbers = NumberRules.Computed,
    };

    static Operator Broadcasting(string name) => new(name, ElementwiseRules.Broadcast)
    {
        Channels = ElementwiseChannels.Broadcast,
        Numbers = NumberRules.Computed,
    };
}

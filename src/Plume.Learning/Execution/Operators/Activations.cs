using Plume.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>
/// Functions that bend values, each for itself. They are written so that no part of one overflows where the whole does not.
/// </summary>
static class Activations
{
    public static (string, Compile)[] All { get; } =
    [
        ("Relu", node => Elementwise.Unary(node, static x => x.relu())),
        ("Sigmoid", node => Elementwise.Unary(node, static x => x.sigmoid())),
        ("Tanh", node => Elementwise.Unary(node, static x => x.tanh())),
        ("HardSwish", node => Elementwise.Unary(node, static x => nn.functional.hardswish(x))),
        ("Softplus", node => Elementwise.Unary(node, Softplus)),
        ("Softsign", node => Elementwise.Unary(node, static x => x / x.abs().Plus(1))),
        ("Mish", node => Elementwise.Unary(node, static x => x * Softplus(x).tanh())),
        ("LeakyRelu", node => WithAlpha(node, 0.01f, static (x, slope) => nn.functional.leaky_relu(x, slope))),
        ("ThresholdedRelu", node => WithAlpha(node, 1, static (x, least) => x * Above(x, least))),
        ("Elu", node => WithAlpha(node, 1, static (x, alpha) => x.relu().Plus(Negative(x).expm1() * alpha))),
        ("Celu", node => WithAlpha(node, 1, static (x, alpha) => x.relu().Plus((Negative(x) / alpha).expm1() * alpha))),
        ("PRelu", node => Elementwise.Binary(node, static (x, slope) => x.relu().Plus(Negative(x) * slope))),
        ("Selu", Selu), ("Gelu", Gelu), ("HardSigmoid", HardSigmoid),
    ];

    static Step WithAlpha(NodeCompiler node, float fallback, Func<Tensor, float, Tensor> function)
    {
        float alpha = node.Node.Float("alpha", fallback);
        return Elementwise.Unary(node, x => function(x, alpha));
    }

    static Step Selu(NodeCompiler node)
    {
        float alpha = node.Node.Float("alpha", 1.67326319217681884765625f),
            gamma = node.Node.Float("gamma", 1.05070102214813232421875f);
        return Elementwise.Unary(node, x => x.relu().Plus(Negative(x).expm1() * alpha) * gamma);
    }

    static Step HardSigmoid(NodeCompiler node)
    {
        float slope = node.Node.Float("alpha", 0.2f), offset = node.Node.Float("beta", 0.5f);
        return Elementwise.Unary(node, x => (x * slope).Plus(offset).Within(0, 1));
    }

    static Step Gelu(NodeCompiler node)
    {
        bool isApproximate = node.Node.Text("approximate", "none") == "tanh";
        return Elementwise.Unary(node, x => isApproximate
            ? x * 0.5 * (x.Plus(x * x * x * 0.044715) * Math.Sqrt(2 / Math.PI)).tanh().Plus(1)
            : x * 0.5 * (x * Math.Sqrt(0.5)).erf().Plus(1));
    }

    static Tensor Softplus(Tensor x) => x.relu().Plus((-x.abs()).exp().log1p());

    static Tensor Above(Tensor x, float least)
    {
        using var number = least.ToScalar();
        return x.gt(number).to_type(x.dtype);
    }

    static Tensor Negative(Tensor x) => -(-x).relu();
}

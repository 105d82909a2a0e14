using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Matrix products.</summary>
static class Products
{
    public static (string, Compile)[] All { get; } =
        [("MatMul", node => Elementwise.Binary(node, static (left, right) => left.matmul(right))), ("Gemm", Gemm)];

    static Step Gemm(NodeCompiler node)
    {
        int left = node.Needed(0), right = node.Needed(1), added = node.Input(2), output = node.Output();
        float alpha = node.Node.Float("alpha", 1), beta = node.Node.Float("beta", 1);
        bool transposeLeft = node.Node.Int("transA", 0) != 0, transposeRight = node.Node.Int("transB", 0) != 0;
        return frame =>
        {
            var a = transposeLeft ? frame.Slots[left].t() : frame.Slots[left];
            var b = transposeRight ? frame.Slots[right].t() : frame.Slots[right];
            frame.Slots[output] = added < 0 ? Scaled(a.mm(b), alpha) : addmm(frame.Slots[added], a, b, beta, alpha);
        };
    }

    static Tensor Scaled(Tensor product, float alpha) => alpha == 1 ? product : product * alpha;
}

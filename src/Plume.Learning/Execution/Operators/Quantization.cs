using Plume.Learning.Native;
using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>
/// Rounds values to the levels of a few bits and lets gradients pass as if it had not: to the value where it is within
/// the levels, and to the step by how far the rounding went. Sources: Bengio et al., "Estimating or Propagating
/// Gradients Through Stochastic Neurons", 2013, arXiv:1308.3432; Esser et al., "Learned Step Size Quantization", 2019,
/// arXiv:1902.08153, with its gradient scale 1 / sqrt(values * highest level); for one bit Rastegari et al.,
/// "XNOR-Net", 2016, arXiv:1603.05279, where we let every gradient pass, however large the weight.
/// </summary>
static class Quantization
{
    public static (string, Compile)[] All { get; } = [(FakeQuantizer.OpType, FakeQuantize)];

    static Step FakeQuantize(NodeCompiler node)
    {
        int input = node.Needed(0), scale = node.Needed(1), output = node.Output();
        var levels = Levels.Of(FakeQuantizer.Of(node.Node));
        long? axis = node.Node.Has("axis") ? node.Node.Int("axis", 0) : null;
        return frame =>
        {
            var x = frame.Slots[input];
            var step = Spread(frame.Slots[scale], axis, x);
            frame.Slots[output] = frame.Training && step.requires_grad ? Learning(x, step, levels) : levels.Round(x, step);
        };
    }

    static Tensor Learning(Tensor x, Tensor step, Levels levels)
    {
        double share = 1 / Math.Sqrt((double)x.numel() / step.numel() * Math.Max(1, levels.High));
        var slowed = (step * share).Plus((step * (1 - share)).detach());
        if (levels.IsBinary)
            return Passing(-x, x).Plus(slowed * Levels.Signs(x));
        var scaled = (x / slowed).Within(levels.Low, levels.High);
        return Passing(scaled.round() - scaled, scaled) * slowed;
    }

    // value + change, of which only value has a gradient.
    static Tensor Passing(Tensor change, Tensor value) => value.Plus(change.detach());

    // One step for each channel, in the shape that stretches over x.
    static Tensor Spread(Tensor scale, long? axis, Tensor x)
    {
        if (axis is null || scale.numel() == 1)
            return scale;
        long[] shape = [.. Enumerable.Repeat(1L, (int)x.dim())];
        shape[axis.Value < 0 ? axis.Value + x.dim() : axis.Value] = scale.numel();
        return scale.view(shape);
    }

    /// <summary>The lowest and the highest multiple of the step; at one bit there are two signs.</summary>
    readonly record struct Levels(double Low, double High, bool IsBinary)
    {
        public static Levels Of(FakeQuantizer quantizer) =>
            new(quantizer.Lowest - quantizer.ZeroPoint, quantizer.Highest - quantizer.ZeroPoint,
                quantizer is { Signed: true, Bits: 1 });

        public static Tensor Signs(Tensor x) => (x.ge(Scalars.Zero).to_type(ScalarType.Float32) * 2).Plus(-1);

        public Tensor Round(Tensor x, Tensor step) => IsBinary ? Signs(x) * step
            : (x / step).round_().HoldWithin(Low, High).mul_(step);
    }
}

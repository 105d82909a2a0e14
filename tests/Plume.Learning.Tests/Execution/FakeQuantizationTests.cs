using Plume.Learning.Execution;
using Plume.Models.Graph;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Tests.Execution;

public class FakeQuantizationTests
{
    const float Scale = 0.5f;
    static readonly float[] Values = [-9, -1.3f, -0.6f, -0.25f, -0.1f, 0, 0.2f, 0.25f, 0.75f, 0.8f, 1.4f, 9];

    [Theory]
    [InlineData(8, true, 0)]
    [InlineData(4, true, 0)]
    [InlineData(2, true, 0)]
    [InlineData(1, true, 0)]
    [InlineData(8, false, 0)]
    [InlineData(4, false, 0)]
    [InlineData(3, false, 2)]
    [InlineData(1, false, 0)]
    public void Values_go_to_the_levels_of_the_definition(int bits, bool signed, int zeroPoint)
    {
        var (output, _, _) = Run(bits, signed, zeroPoint, training: false);
        Assert.Equal(Values.Select(value => Expected(value, bits, signed, zeroPoint)), output);
        var (learning, _, _) = Run(bits, signed, zeroPoint, training: true);
        for (int i = 0; i < Values.Length; i++)
            Assert.Equal(output[i], learning[i], 1e-5f);
    }

    [Theory]
    [InlineData(4, true, 0)]
    [InlineData(2, true, 0)]
    [InlineData(4, false, 0)]
    [InlineData(3, false, 2)]
    public void Gradients_pass_within_the_levels_and_reach_the_scale_as_published(int bits, bool signed, int zeroPoint)
    {
        var (_, byValue, byScale) = Run(bits, signed, zeroPoint, training: true);
        double low = signed ? -((1 << (bits - 1)) - 1) : -zeroPoint, high = signed ? -low : (1 << bits) - 1 - zeroPoint;
        double expected = 0;
        for (int i = 0; i < Values.Length; i++)
        {
            double scaled = Values[i] / Scale;
            bool within = scaled >= low && scaled <= high;
            Assert.Equal(within ? 1 : 0, byValue[i], 1e-5f);
            expected += within ? Math.Round(scaled) - scaled : scaled < low ? low : high;
        }

        Assert.Equal(expected / Math.Sqrt(Values.Length * high), byScale, 1e-4);
    }

    [Fact]
    public void At_one_bit_every_gradient_passes_and_the_scale_gets_the_signs()
    {
        var (_, byValue, byScale) = Run(bits: 1, signed: true, zeroPoint: 0, training: true);
        Assert.All(byValue, gradient => Assert.Equal(1, gradient));
        Assert.Equal(Values.Sum(value => value >= 0 ? 1 : -1) / Math.Sqrt(Values.Length), byScale, 1e-5);
    }

    [Fact]
    public void Each_channel_has_its_scale()
    {
        var graph = GraphOf(4, true, 0, scales: [0.5f, 2], axis: 1, shape: [1, 2, 3]);
        float[] output = Runtime.Torch(graph, [0.6f, 0.2f, 9, 0.6f, 1.2f, 99], [1, 2, 3]);
        Assert.Equal([0.5f, 0, 3.5f, 0, 2, 14], output);
    }

    static float Expected(float value, int bits, bool signed, int zeroPoint)
    {
        if (signed && bits == 1)
            return value >= 0 ? Scale : -Scale;
        float low = signed ? -((1 << (bits - 1)) - 1) : -zeroPoint, high = signed ? -low : (1 << bits) - 1 - zeroPoint;
        return Scale * Math.Clamp(MathF.Round(value / Scale), low, high);
    }

    // The loss is the sum of the outputs, so gradients are those of each output by itself.
    static (float[] Output, float[] ByValue, double ByScale) Run(int bits, bool signed, int zeroPoint, bool training)
    {
        var graph = GraphOf(bits, signed, zeroPoint, [Scale], null, [Values.Length]);
        using var executor = new GraphExecutor(graph);
        using var scope = NewDisposeScope();
        var x = tensor(Values, requires_grad: training);
        if (!training)
            return (executor.Logits(x).data<float>().ToArray(), [], 0);
        executor.Gradients.zero_();
        var y = executor.Forward(x, default);
        y.sum().backward();
        return (y.data<float>().ToArray(), x.grad!.data<float>().ToArray(), executor.Gradients[0].ToDouble());
    }

    static ModelGraph GraphOf(int bits, bool signed, int zeroPoint, float[] scales, int? axis, Dimension[] shape)
    {
        var attributes = new Dictionary<string, AttributeValue>
        {
            ["bits"] = (long)bits,
            ["signed"] = signed ? 1L : 0,
            ["zero_point"] = (long)zeroPoint,
        };
        if (axis is { } channel)
            attributes["axis"] = (long)channel;
        return new ModelGraph(
            "quantized", [new ValueInfo("x", ElementType.Float, shape)], [new ValueInfo("y", ElementType.Float, shape)],
            [new Node("quantize", "plume.FakeQuantize", ["x", "scale"], ["y"], attributes)],
            [Initializer.Of("scale", axis is null ? [] : [scales.Length], scales)])
        {
            ExtensionOpsets = new Dictionary<string, int> { ["plume"] = 1 },
        };
    }
}

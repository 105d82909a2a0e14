using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Graph.Shapes;

namespace Plume.Models.Tests;

public class FakeQuantizerTests
{
    [Theory]
    [InlineData(8, true, 0, -127, 127), InlineData(2, true, 0, -1, 1), InlineData(3, true, 0, -3, 3), InlineData(1, true, 0, -1,
        1)]
    [InlineData(8, false, 0, 0, 255), InlineData(8, false, 10, 0, 255), InlineData(1, false, 0, 0, 1), InlineData(4, false, 15, 0,
        15)]
    public void Levels_are_those_of_the_bits(int bits, bool signed, int zeroPoint, int lowest, int highest)
    {
        var quantizer = new FakeQuantizer(bits, signed, zeroPoint);

        Assert.Equal((lowest, highest), (quantizer.Lowest, quantizer.Highest));
        Assert.Equal(lowest, quantizer.LevelOf(float.NegativeInfinity, 0.1f));
        Assert.Equal(highest, quantizer.LevelOf(float.MaxValue, 1e-30f));
    }

    [Fact]
    public void Halves_go_to_the_even_level()
    {
        var quantizer = new FakeQuantizer(8);

        Assert.Equal([0, 2, 2, -2, -2], new[] { 0.5f, 1.5f, 2.5f, -1.5f, -2.5f }.Select(value => quantizer.LevelOf(value, 1)));
    }

    [Fact]
    public void One_bit_is_the_sign_and_zero_is_positive()
    {
        float[] result = new float[4];
        new FakeQuantizer(1).Quantize([0, -0.001f, 3, -7], 0.25f, result);

        Assert.Equal([0.25f, -0.25f, 0.25f, -0.25f], result);
    }

    [Fact]
    public void Zero_stays_zero_wherever_its_level_is()
    {
        for (int bits = 1; bits <= 8; bits++)
        {
            Assert.Equal(0, new FakeQuantizer(bits, signed: false).Quantize(0, 0.3f));
            Assert.Equal(0, new FakeQuantizer(bits, signed: false, zeroPoint: (1 << bits) - 1).Quantize(0, 0.3f));
        }
    }

    [Theory, InlineData(2, true, 0), InlineData(5, true, 0), InlineData(8, true, 0), InlineData(1, false, 0), InlineData(8, false,
        77)]
    public void The_error_is_at_most_half_a_step_within_the_levels_and_twice_is_once(int bits, bool signed, int zeroPoint)
    {
        var quantizer = new FakeQuantizer(bits, signed, zeroPoint);
        const float Scale = 0.037f;
        float low = quantizer.ValueOf(quantizer.Lowest, Scale), high = quantizer.ValueOf(quantizer.Highest, Scale);
        foreach (float value in Some.Normal(2000, "values"))
        {
            float quantized = quantizer.Quantize(value, Scale);
            Assert.InRange(Math.Abs(Math.Clamp(value, low, high) - quantized), 0, Scale * 0.50001f);
            Assert.Equal(quantized, quantizer.Quantize(quantized, Scale));
        }
    }

    [Fact]
    public void A_node_says_what_its_quantizer_is()
    {
        foreach (var quantizer in new[] { new FakeQuantizer(4), new FakeQuantizer(1), new FakeQuantizer(8, signed: false),
            new FakeQuantizer(7, signed: false, zeroPoint: 100) })
            Assert.Equal(quantizer, FakeQuantizer.Of(
                new Node("q", FakeQuantizer.OpType, ["x", "s"], ["y"], quantizer.ToAttributes(axis: 1))));
        Assert.Equal(new FakeQuantizer(8), FakeQuantizer.Of(new Node("q", FakeQuantizer.OpType, ["x", "s"], ["y"])));
    }

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new FakeQuantizer(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FakeQuantizer(9));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FakeQuantizer(4, signed: true, zeroPoint: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FakeQuantizer(4, signed: false, zeroPoint: 16));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FakeQuantizer(4, signed: false, zeroPoint: -1));
        Fails("'bits' of node 'q' (plume.FakeQuantize) must be 1 to 8, but is 9", "bits", 9);
        Fails("'signed' of node 'q' (plume.FakeQuantize) must be 0 or 1, but is 2", "signed", 2);
        Fails("'zero_point' of node 'q' (plume.FakeQuantize) must be 0 to 0, but is 3", "zero_point", 3);
    }

    [Fact]
    public void A_quantized_weight_stays_a_weight_and_its_scale_is_learned()
    {
        var graph = Graph([5], axis: 1);

        Assert.Equal(
            [("w", TensorRole.Weight), ("s", TensorRole.Step)],
            graph.Weights.Tensors.Select(tensor => (tensor.Name, tensor.Role)));
        Assert.Equal([3, 5], ShapeInference.Of(graph)["wq"]);
    }

    [Fact]
    public void Scales_are_one_or_one_a_channel()
    {
        ShapeInference.Of(Graph([]));
        ShapeInference.Of(Graph([5], axis: -1));
        Refused("the scales [4] must be one, or one for each of 5 along axis 1", [4], 1);
        Refused("scales [5] must be one, or one for each of 3 along axis 0", [5], 0);
        Refused("axis 2 is outside of 2 dimensions", [5], 2);
        Refused("scales [5] need the attribute 'axis'", [5], null);
    }

    static ModelGraph Graph(int[] scales, int? axis = null) => new(
        "g", [new("x", ElementType.Float, ["N", 3])], [new("y", ElementType.Float, ["N", 5])],
        [new Node("q", FakeQuantizer.OpType, ["w", "s"], ["wq"], new FakeQuantizer(4).ToAttributes(axis)),
            new Node("m", "MatMul", ["x", "wq"], ["y"])],
        [Initializer.Of("w", [3, 5], new float[15]),
            Initializer.Of("s", scales, Enumerable.Repeat(1f, scales.Aggregate(1, (a, b) => a * b)).ToArray())])
    {
        ExtensionOpsets = new Dictionary<string, int> { [FakeQuantizer.Domain] = FakeQuantizer.DomainVersion },
    };

    static void Refused(string problem, int[] scales, int? axis) =>
        Assert.Contains(problem, Assert.Throws<InvalidPayloadException>(() => ShapeInference.Of(Graph(scales, axis))).Message,
            StringComparison.Ordinal);

    static void Fails(string problem, string attribute, long value)
    {
        var node = new Node("q", FakeQuantizer.OpType, ["x", "s"], ["y"],
            new Dictionary<string, AttributeValue> { [attribute] = value });
        Assert.Contains(problem, Assert.Throws<InvalidPayloadException>(() => FakeQuantizer.Of(node)).Message,
            StringComparison.Ordinal);
    }
}

using Plume.Compression.Wire;
using Plume.Models.Building;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Quantize;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Tests;

public class QdqLoweringTests
{
    static readonly string[] FloatOperators =
        ["Conv", "FusedConv", "Gemm", "MatMul", "FusedGemm", "FusedMatMul", "Add", "Relu", "MaxPool", "GlobalAveragePool",
            "BatchNormalization", "DequantizeLinear"];

    [Theory, InlineData("lenet"), InlineData("resnet8"), InlineData("mlp"), InlineData("logistic")]
    public void Onnx_Runtime_runs_every_layer_on_integers(string name)
    {
        var lowered = QdqLowering.Apply(Calibrated.Model(name, new() { LeaveSingleChannels = false }));

        string[] fused = Runtime.Fused(lowered);

        Assert.Empty(fused.Intersect(FloatOperators));
        Assert.Equal(
            (lowered.Nodes.Count(node => node.OpType == "Conv"), lowered.Nodes.Count(node => node.OpType == "Gemm"),
                lowered.Nodes.Count(node => node.OpType == "Add")),
            (fused.Count(each => each == "QLinearConv"), fused.Count(each => each == "QGemm"),
                fused.Count(each => each == "QLinearAdd")));
    }

    [Fact]
    public void A_stem_in_floats_is_pooled_in_floats()
    {
        string[] fused = Runtime.Fused(QdqLowering.Apply(Calibrated.Model("lenet", new())));

        Assert.Equal(["Conv", "MaxPool", "ReorderOutput", "QuantizeLinear"], fused.Take(4));
        Assert.Equal((1, 1, 2), (fused.Count(each => each == "QLinearConv"), fused.Count(each => each == "MaxPool"),
            fused.Count(each => each == "QGemm")));
    }

    [Theory]
    [InlineData("lenet", 8, 8), InlineData("resnet8", 8, 8), InlineData("mlp", 8, 8), InlineData("lenet", 4,
        4), InlineData("resnet8", 3, 5), InlineData("lenet", 1, 8), InlineData("lenet", 2, 2), InlineData("resnet8", 4, null)]
    public void Integers_give_what_fake_quantization_gives(string name, int weightBits, int? activationBits)
    {
        var fake = Calibrated.Model(name, new(weightBits, activationBits) { LeaveSingleChannels = activationBits == 8 });
        var images = Calibrated.Images(3);
        float[] values = [.. images.Values.Select(value => (float)value)];

        var expected = NaiveForward.Run(fake, images).Values;
        foreach (var lowered in new[] { QdqLowering.Apply(fake), GraphNames.Shorten(QdqLowering.Apply(fake)),
            QdqLowering.Apply(fake, packed: true) })
        {
            float[] actual = Runtime.Run(lowered, [3, .. Some.Image.Select(length => (long)length)], values).Values;
            // A sum that falls between two levels goes to either: some activations are a step apart.
            double spread = expected.Max() - expected.Min();
            Assert.All(expected.Zip(actual),
                each => Assert.InRange(Math.Abs(each.First - each.Second), 0,
                    spread * (activationBits is null ? 1e-5 : activationBits < 8 ? 0.1 : 0.02)));
        }
    }

    [Theory, InlineData("lenet", true), InlineData("lenet", false), InlineData("resnet8", true), InlineData("resnet8", false)]
    public void Files_are_over_3_5_times_smaller_and_little_more_than_their_weights(string name, bool leaveSingleChannels)
    {
        int floats = OnnxFile.Write(Some.Model(name)).Length;
        var lowered = GraphNames.Shorten(
            QdqLowering.Apply(Calibrated.Model(name, new() { LeaveSingleChannels = leaveSingleChannels })));
        int weights = lowered.Initializers.Where(tensor => tensor.Shape.Count > 1).Sum(tensor => tensor.Data.Length);

        int integers = OnnxFile.Write(lowered).Length;

        Assert.True(floats > 3.5 * integers, $"{floats} and {integers}");
        int channels = lowered.Initializers.Where(tensor => tensor.ElementType == ElementType.Int32).Sum(tensor => tensor.Length);
        // A scale, a bias and its scale a channel, a zero a unit of a dense layer, and the structure.
        Assert.InRange(integers - weights - 13 * channels, 0, name == "lenet" ? 1_700 : 3_700);
    }

    [Fact]
    public void Packed_weights_take_half_the_bytes()
    {
        var fake = Calibrated.Model("lenet", new(4, activationBits: null));

        var packed = QdqLowering.Apply(fake, packed: true);

        Assert.Equal((21, 13), (packed.OpsetVersion, QdqLowering.Apply(fake).OpsetVersion));
        Assert.Equal((ElementType.Int4, 800 * 16 / 2),
            (packed.FindInitializer("conv2.weight")!.ElementType, packed.FindInitializer("conv2.weight")!.Data.Length));
        Assert.InRange(OnnxFile.Write(packed).Length, 0, OnnxFile.Write(fake).Length / 6.5);
        var read = OnnxFile.Read(OnnxFile.Write(packed));
        Assert.Equal(packed.FindInitializer("fc1.weight")!.Data.ToArray(), read.FindInitializer("fc1.weight")!.Data.ToArray());
    }

    [Fact]
    public void Normalizations_may_stay_while_training_and_are_folded_on_the_levels()
    {
        var graph = Some.Trained(Some.Model("resnet8"));
        var fake = Calibrated.Quantize(graph, Calibrated.Images(2), new(4, 8) { LeaveSingleChannels = false });
        Assert.Contains(fake.Nodes, node => node.OpType == "BatchNormalization");

        var lowered = QdqLowering.Apply(fake);

        Assert.DoesNotContain(lowered.Nodes, node => node.OpType == "BatchNormalization");
        Assert.Empty(Runtime.Fused(lowered).Intersect(FloatOperators));
        var expected = NaiveForward.Run(fake, Calibrated.Images(2)).Values;
        float[] actual = Runtime.Run(lowered, [2, 1, 28, 28],
            [.. Calibrated.Images(2).Values.Select(value => (float)value)]).Values;
        Assert.All(expected.Zip(actual), each => Assert.Equal(each.First, each.Second, 0.02 * (expected.Max() - expected.Min())));
    }

    [Fact]
    public void A_matrix_product_and_a_depthwise_convolution_run_on_integers()
    {
        var group = new Dictionary<string, AttributeValue>
        {
            ["group"] = 8L,
            ["pads"] = new long[] { 1, 1, 1, 1 },
            ["kernel_shape"] = new long[] { 3, 3 },
            ["strides"] = new long[] { 1, 1 },
        };
        var graph = new ModelGraph(
            "depthwise", [new("x", ElementType.Float, ["N", 8, 6, 6])], [new("y", ElementType.Float, ["N", 5])],
            [
                new("c", "Conv", ["x", "c.weight", "c.bias"], ["c"], group), new("r", "Clip", ["c", "zero", "six"], ["r"]),
                new("p", "GlobalAveragePool", ["r"], ["p"]),
                new("f", "Flatten", ["p"], ["f"]), new("i", "Identity", ["f"], ["i"]),
                new("m", "MatMul", ["i", "m.weight"], ["y"]),
            ],
            [
                Initializer.Of("c.weight", [8, 1, 3, 3], Some.Normal(72, "c")),
                Initializer.Of("c.bias", [8], Some.Normal(8, "b")),
                Initializer.Of("m.weight", [8, 5], Some.Normal(40, "m")), Initializer.Of("zero", [], [0f]),
                Initializer.Of("six", [], [6f]),
            ]);
        string[] needed = [.. FakeQuantization.ValuesToCalibrate(graph, new())];
        Assert.Equal(["x", "r", "p"], needed);
        var fake = FakeQuantization.Insert(graph, new(),
            new Dictionary<string, ValueRange> { ["x"] = new(-4, 4), ["r"] = new(0, 6), ["p"] = new(0, 3) });

        var lowered = QdqLowering.Apply(fake);

        Assert.DoesNotContain(lowered.Nodes, node => node.OpType is "Clip" or "Identity");
        string[] fused = Runtime.Fused(lowered);
        Assert.Contains("QLinearConv", fused);
        Assert.Empty(fused.Intersect(FloatOperators));
    }

    [Fact]
    public void A_dead_channel_keeps_its_bias()
    {
        var graph = new GraphBuilder([3, 4, 4], Some.Key).Conv("c", 2, 1).GlobalAveragePool().Flatten().Build("dead");
        var weights = graph.ToWeights();
        new float[] { 1e-12f, 0, 0, 1, 2, 3 }.CopyTo(weights["c.weight"]);
        new float[] { 5, 7 }.CopyTo(weights["c.bias"]);
        var fake = FakeQuantization.Insert(graph.With(weights), new(),
            new Dictionary<string, ValueRange> { ["input"] = new(0, 1), ["c"] = new(0, 20) });

        float[] values = Runtime.Run(QdqLowering.Apply(fake), [1, 3, 4, 4], new float[48]).Values;

        Assert.Equal(5, values[0], 0.05);
        Assert.Equal(7, values[1], 0.05);
    }

    [Fact]
    public void Bad_scales_and_weights_are_named()
    {
        var fake = Calibrated.Model("logistic", new());
        var weights = fake.ToWeights();
        weights["fc.weight_scale"][3] = 0;
        Refused("must be positive and finite, but one is 0", fake.With(weights));
        weights["fc.weight_scale"][3] = 1;
        weights["fc.weight"][9] = float.NaN;
        Refused("Weight 'fc.weight' cannot be quantized: value 9 is NaN", fake.With(weights));

        var sign = new Node("s", FakeQuantizer.OpType, ["x", "scale"], ["y"], new FakeQuantizer(1).ToAttributes());
        Refused("the two levels of its sign",
            new("s", [new("x", ElementType.Float, [4])], [new("y", ElementType.Float, [4])], [sign],
                [Initializer.Of("scale", [], [1f])]));
    }

    [Fact]
    public void A_graph_whose_operators_may_mean_something_else_is_not_called_newer()
    {
        var graph = new ModelGraph("old", [new("x", ElementType.Float, ["N", 4])], [new("y", ElementType.Float, ["N", 1])],
            [new("strange", "Hardmax", ["x"], ["y"])], []);

        string message = Assert.Throws<InvalidPayloadException>(() => OpsetUpgrade.To(graph, 21)).Message;

        Assert.Equal("Model 'old' needs operator set 21 but is written in 13, and the node 'strange' (Hardmax) may mean "
            + "something else there; export it in operator set 21 or newer.", message);
        Assert.Same(graph, OpsetUpgrade.To(graph, 13));
        Assert.Equal(21, OpsetUpgrade.To(Some.Model("resnet8"), 21).OpsetVersion);
        Assert.Throws<ArgumentOutOfRangeException>(() => OpsetUpgrade.To(graph, 99));
    }

    static void Refused(string problem, ModelGraph graph) =>
        Assert.Contains(problem, Assert.Throws<InvalidPayloadException>(() => QdqLowering.Apply(graph)).Message,
            StringComparison.Ordinal);
}

using Plume.Compression.Weights;
using Plume.Models.Cost;
using Plume.Models.Graph;
using Plume.Models.Quantize;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Tests;

public class FakeQuantizationTests
{
    [Fact]
    public void LeNet_is_quantized_at_its_weights_and_behind_its_relus()
    {
        var plan = QuantizationPlan.Of(Some.Model("lenet"), new() { LeaveSingleChannels = false });

        Assert.Equal([("conv1.weight", 8, 0), ("conv2.weight", 8, 0), ("fc1.weight", 8, 0), ("fc2.weight", 8, 0)],
            plan.Layers.Select(layer => (layer.Weight, layer.Bits, layer.Axis ?? -1)));
        Assert.Equal(["input", "relu1", "relu2", "relu3"], plan.Values.Select(value => value.Name));
        Assert.Empty(plan.Skipped);
    }

    [Fact]
    public void ResNet8_is_quantized_at_both_sides_of_its_sums()
    {
        Assert.Equal(
            ["input", "relu1", "relu2", "block1.2.bn", "relu3", "relu4", "block2.2.bn", "block2.shortcut.bn", "relu5", "relu6",
                "block3.2.bn", "block3.shortcut.bn", "relu7", "globalaveragepool1"],
            FakeQuantization.ValuesToCalibrate(Some.Model("resnet8"), new() { LeaveSingleChannels = false }));
    }

    [Fact]
    public void Ends_and_single_layers_have_bits_of_their_own()
    {
        var scheme = new QuantizationScheme(2, 3)
        {
            EndBits = 8,
            LayerBits = new Dictionary<string, int> { ["fc1.weight"] = 5 },
            LeaveAlone = ["conv2.weight"],
            LeaveSingleChannels = false,
        };

        var plan = QuantizationPlan.Of(Some.Model("lenet"), scheme);

        Assert.Equal([("conv1.weight", 8), ("fc1.weight", 5), ("fc2.weight", 8)],
            plan.Layers.Select(layer => (layer.Weight, layer.Bits)));
        Assert.Equal([("input", 8), ("relu1", 3), ("maxpool2", 3), ("relu3", 8)],
            plan.Values.Select(value => (value.Name, value.Bits)));
        Assert.Equal(("conv2", "the scheme leaves it alone"), (Assert.Single(plan.Skipped).Node.Name, plan.Skipped[0].Reason));
    }

    [Fact]
    public void A_convolution_over_grey_images_stays_a_float()
    {
        var plan = QuantizationPlan.Of(Some.Model("lenet"), new());

        Assert.Equal(("conv1", "integer kernels are slower over a single channel"),
            (Assert.Single(plan.Skipped).Node.Name, plan.Skipped[0].Reason));
        Assert.Equal(["maxpool1", "relu2", "relu3"], plan.Values.Select(value => value.Name));
        Assert.Empty(QuantizationPlan.Of(Some.Model("lenet"), new(4, null)).Skipped);
        Assert.Empty(QuantizationPlan.Of(Some.Model("lenet"),
            new() { LayerBits = new Dictionary<string, int> { ["conv1.weight"] = 8 } }).Skipped);
    }

    [Fact]
    public void Weights_alone_need_no_calibration()
    {
        var graph = Some.Model("lenet");
        Assert.Empty(FakeQuantization.ValuesToCalibrate(graph, new(4, null)));

        var fake = FakeQuantization.Insert(graph, new(4, null), new Dictionary<string, ValueRange>());

        Assert.Equal(4, fake.Nodes.Count(node => node.OpType == FakeQuantizer.OpType));
        Assert.Equal(graph.Weights.Tensors.Select(tensor => tensor.Name), fake.Weights.Tensors.Take(8)
            .Select(tensor => tensor.Name));
        Assert.All(fake.Weights.Tensors.Skip(8), tensor => Assert.Equal(TensorRole.Step, tensor.Role));
        Assert.Equal(GraphCost.Of(graph).MultiplyAdds, GraphCost.Of(fake).MultiplyAdds);
    }

    [Fact]
    public void The_model_keeps_its_inputs_outputs_and_scores()
    {
        var graph = BatchNormFolding.Apply(Some.Trained(Some.Model("resnet8")));

        var fake = Calibrated.Quantize(graph, Calibrated.Images(2), new());

        Assert.Equal((graph.Inputs[0], graph.Outputs[0]), (fake.Inputs[0], fake.Outputs[0]));
        Assert.Equal("Gemm", fake.ProducerOf("output")!.OpType);
        double[] expected = NaiveForward.Run(graph, Calibrated.Images(2)).Values,
            actual = NaiveForward.Run(fake, Calibrated.Images(2)).Values;
        Assert.All(expected.Zip(actual), each => Assert.Equal(each.First, each.Second, 0.05 * (expected.Max() - expected.Min())));
    }

    [Fact]
    public void Fewer_bits_mean_more_error()
    {
        var graph = BatchNormFolding.Apply(Some.Trained(Some.Model("lenet")));
        double[] exact = NaiveForward.Run(graph, Calibrated.Images(2)).Values;
        double[] errors = [.. new[] { 8, 6, 4,
            2 }.Select(bits => NaiveForward.Run(
                Calibrated.Quantize(graph, Calibrated.Images(2), new(bits, bits) { Ranges = new MeanSquaredError() }),
                Calibrated.Images(2)).Values.Zip(exact, (a, b) => (a - b) * (a - b)).Sum())];

        Assert.Equal(errors.Order(), errors);
        Assert.True(errors[0] * 4 < errors[1] && errors[1] * 4 < errors[2]);
    }

    [Fact]
    public void What_cannot_be_quantized_is_named_with_the_reason()
    {
        var graph = new ModelGraph(
            "odd", [new("x", ElementType.Float, [4, 4])], [new("y", ElementType.Float, [4, 4])],
            [
                new("square", "MatMul", ["x", "x"], ["a"]),
                new("scaled", "Gemm", ["a", "w"], ["b"], new Dictionary<string, AttributeValue> { ["alpha"] = 2f }),
                new("constant", "MatMul", ["w", "w"], ["c"]), new("add", "Add", ["b", "c"], ["y"]),
            ],
            [Initializer.Of("w", [4, 4], new float[16])]);

        var plan = QuantizationPlan.Of(graph, new());

        Assert.Empty(plan.Layers);
        Assert.Empty(plan.Values);
        Assert.Equal(
            [("square", "its weight is computed"), ("scaled", "it scales or transposes its input"),
                ("constant", "its input is a constant")],
            plan.Skipped.Select(each => (each.Node.Name, each.Reason)));
    }

    [Fact]
    public void Wrong_schemes_and_missing_ranges_are_refused()
    {
        var graph = Some.Model("lenet");
        var none = new Dictionary<string, ActivationHistogram>();
        Refused("names 'conv9.weight', which is no layer's weight; these are conv1.weight, conv2.weight",
            () => QuantizationPlan.Of(graph, new() { LeaveAlone = ["conv9.weight"] }));
        Refused("gives 'conv1.weight' 9 bits",
            () => QuantizationPlan.Of(graph, new() { LayerBits = new Dictionary<string, int> { ["conv1.weight"] = 9 } }));
        Refused("Value 'maxpool1' was not calibrated; a model is calibrated on at least one sample",
            () => FakeQuantization.Insert(graph, new(), none));
        Refused("Value 'maxpool1' was not calibrated",
            () => FakeQuantization.Insert(graph, new(), new Dictionary<string, ActivationHistogram> { ["maxpool1"] = new() }));
        Refused("is quantized already", () => FakeQuantization.Insert(Calibrated.Model("lenet", new()), new(), none));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuantizationScheme(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuantizationScheme(8, 9));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuantizationScheme { EndBits = 0 });
    }

    static void Refused(string problem, Func<object> work) =>
        Assert.Contains(problem, Assert.Throws<ArgumentException>(work).Message, StringComparison.Ordinal);
}

using Plume.Compression.Randomness;
using Plume.Models.Building;
using Plume.Models.Graph;
using Plume.Models.SubModels;
using Plume.Models.Zoo;

namespace Plume.Models.Tests.SubModels;

public class SubModelTests
{
    static readonly ModelGraph LeNet = ModelZoo.Build("lenet", [1, 28, 28], 10, RandomKey.FromSeed(1));

    // Counted by hand from the layers' shapes.
    [Theory]
    [InlineData(2, 20_522)]
    [InlineData(4, 5_370)]
    [InlineData(8, 1_466)]
    [InlineData(16, 432)]
    public void A_part_of_each_layers_channels_has_about_its_square_of_the_parameters(int part, int parameters)
    {
        Assert.Equal(80_202, LeNet.Weights.Length);
        var model = SubModel.Of(LeNet, channels => (channels + part - 1) / part);
        Assert.Equal(parameters, model.Graph.Weights.Length);
        Assert.Equal(model.Graph.Weights, model.Scaled().Weights);
        Assert.Equal(model.Graph.Weights, model.Leading.Part);
        float[] cut = new float[parameters];
        model.Leading.Gather<float>(LeNet.ToWeights().Values, cut);
        Assert.Equal(model.Graph.ToWeights().Values, cut);
    }

    [Fact]
    public void Leading_channels_are_the_first_along_every_axis_that_has_them_and_runs_of_them_behind_a_flatten()
    {
        var model = SubModel.Of(LeNet, channels => channels / 4);
        var whole = LeNet.Weights;
        int[] places = new int[whole.Length], cut = new int[model.Leading.Part.Length];
        for (int i = 0; i < places.Length; i++)
            places[i] = i;
        model.Leading.Gather<int>(places, cut);
        Assert.Equal([4, 1, 5, 5], model.Leading.Part["conv1.weight"].Shape);
        Assert.Equal([8, 4, 5, 5], model.Leading.Part["conv2.weight"].Shape);
        var dense = model.Leading.Part["fc1.weight"];
        Assert.Equal([32, 128], dense.Shape);
        // Row 1 of the smaller matrix is the first 8 * 16 features of row 1 of the larger one.
        Assert.Equal(Enumerable.Range(whole["fc1.weight"].Offset + 512, 128), cut.Skip(dense.Offset + 128).Take(128));
        Assert.Equal([10, 32], model.Leading.Part["fc2.weight"].Shape);
        Assert.Equal([10], model.Leading.Part["fc2.bias"].Shape);
    }

    // K = 8, three channels: the windows of FedRolex.
    [Theory]
    [InlineData(0, new[] { 0, 1, 2 })]
    [InlineData(2, new[] { 2, 3, 4 })]
    [InlineData(6, new[] { 0, 6, 7 })]
    [InlineData(14, new[] { 0, 6, 7 })]
    public void A_window_rolls_over_the_channels_and_on_with_the_first(int first, int[] channels)
    {
        var graph = new GraphBuilder([5], RandomKey.FromSeed(1)).Dense("a", 8).Relu().Dense("b", 4).Build("two");
        var slice = SubModel.Of(graph, _ => 3).SliceAt(first);
        int[] places = new int[graph.Weights.Length], cut = new int[slice.Part.Length];
        for (int i = 0; i < places.Length; i++)
            places[i] = i;
        slice.Gather<int>(places, cut);
        int bias = graph.Weights["a.bias"].Offset, read = graph.Weights["b.weight"].Offset;
        Assert.Equal(channels.Select(channel => bias + channel), cut.Skip(slice.Part["a.bias"].Offset).Take(3));
        Assert.Equal(channels.Select(channel => read + channel), cut.Skip(slice.Part["b.weight"].Offset).Take(3));
        Assert.Equal(4 * 3, slice.Part["b.weight"].Length);
    }

    [Fact]
    public void Every_channel_comes_to_be_in_the_window_of_as_many_rounds()
    {
        var model = SubModel.Of(LeNet, channels => channels / 4);
        int[] times = new int[LeNet.Weights.Length];
        for (int round = 0; round < 128; round++)
            model.SliceAt(round).AddTo(1, times);
        foreach (string bias in (string[])["conv1.bias", "conv2.bias", "fc1.bias"])
            Assert.All(times.Skip(LeNet.Weights[bias].Offset).Take(LeNet.Weights[bias].Length), count => Assert.Equal(32, count));
    }

    [Fact]
    public void Layers_that_lost_channels_put_out_as_much_as_if_they_had_them()
    {
        var model = SubModel.Of(LeNet, channels => channels / 4);
        var scaled = model.Scaled();
        var times = scaled.Nodes.Where(node => node.OpType == "Mul").ToList();
        Assert.Equal(["conv1.times", "conv2.times", "fc1.times"], times.Select(node => node.Name));
        Assert.All(times, node => Assert.Equal([4f], scaled.FindInitializer(node.Inputs[1])!.Floats));
        Assert.Equal(LeNet.Outputs[0].Name, scaled.Outputs[0].Name);
        // A bias that an exporter adds by itself is multiplied, too, and stays one.
        var added = new ModelGraph("added", [new ValueInfo("x", ElementType.Float, ["N", 3])],
            [new ValueInfo("y", ElementType.Float, ["N", 2])],
            [new Node("m", "MatMul", ["x", "w"], ["h"]), new Node("a", "Add", ["h", "b"], ["s"]),
                new Node("o", "MatMul", ["s", "v"], ["y"])],
            [Initializer.Of("w", [3, 4], new float[12]), Initializer.Of("b", [4], new float[4]),
                Initializer.Of("v", [4, 2], new float[8])]);
        var half = SubModel.Of(added, channels => channels / 2);
        Assert.Equal(["MatMul", "Add", "Mul", "MatMul"], half.Scaled().Nodes.Select(node => node.OpType));
    }

    [Fact]
    public void What_cannot_be_cut_says_why()
    {
        var logistic = ModelZoo.Build("logistic", [4], 3, RandomKey.FromSeed(1));
        Assert.StartsWith("Model 'logistic' would not become smaller: The channels of 'fc.weight' stay: they reach the graph's "
            + "output 'output'.", Refusal(logistic, channels => channels / 2), StringComparison.Ordinal);
        Assert.StartsWith("Model 'lenet' would not become smaller: all keep their channels: conv1.weight: 16 channels in 3 "
            + "tensors, ", Refusal(LeNet, channels => channels), StringComparison.Ordinal);
        Assert.StartsWith("A smaller model must keep 1 to 16 of the channels of 'conv1.weight', but is to keep 0.",
            Refusal(LeNet, _ => 0), StringComparison.Ordinal);
        var residual = ModelZoo.Build("resnet8", [1, 16, 16], 10, RandomKey.FromSeed(1));
        Assert.StartsWith("Model 'resnet8' keeps running statistics, such as 'stem.bn.running_mean', which are others in a "
            + "model of other width", Refusal(residual, channels => channels / 2), StringComparison.Ordinal);
    }

    static string Refusal(ModelGraph graph, Func<int, int> channels) =>
        Assert.Throws<ArgumentException>(() => SubModel.Of(graph, channels)).Message;
}

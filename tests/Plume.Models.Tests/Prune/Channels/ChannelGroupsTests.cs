using System.Runtime.CompilerServices;
using CsCheck;
using Plume.Compression.Wire;
using Plume.Models.Cost;
using Plume.Models.Graph;
using Plume.Models.Graph.Shapes;
using Plume.Models.Onnx;
using Plume.Models.Prune.Channels;

namespace Plume.Models.Tests;

public class ChannelGroupsTests
{
    static readonly (string, AttributeValue) Same = ("pads", new long[] { 1, 1, 1, 1 });

    // Small graphs of the kinds of blocks that known networks have, all from [N, 3, 8, 8] to [N, 5].
    static readonly Dictionary<string, ModelGraph> Graphs = new()
    {
        ["residual"] = Ending(Stem().Add("Conv", "c1", "s w1[8,8,3,3] b1[8]", Same)
            .Add("BatchNormalization", "n1", "c1 g1[8] h1[8] m1[8] var1[8]")
            .Add("Relu", "r1", "n1").Add("Add", "a", "r1 s"), "a", 8),
        ["concat"] = Ending(Stem().Add("Conv", "c1", "s w1[4,8,3,3]", Same).Add("Concat", "k1", "s c1", ("axis", 1L))
            .Add("BatchNormalization", "n1", "k1 g1[12] h1[12] m1[12] var1[12]").Add("Conv", "c2", "n1 w2[4,12,3,3]", Same)
                .Add("Concat", "k2", "k1 c2", ("axis", 1L)), "k2", 16),
        ["concat with the input"] = Ending(Stem().Add("Concat", "k", "x s", ("axis", 1L)), "k", 11),
        ["depthwise"] = Ending(Stem().Add("Conv", "d", "s wd[8,1,3,3] bd[8]", Same, ("group", 8L)).Add("Clip", "r", "d")
            .Add("Conv", "p", "r wp[6,8,1,1]"), "p", 6),
        ["depthwise of two"] = Ending(Stem().Add("Conv", "d", "s wd[16,1,3,3] bd[16]", Same, ("group", 8L)), "d", 16),
        ["grouped"] = Ending(Stem().Add("Conv", "g", "s wg[12,4,3,3] bg[12]", Same, ("group", 2L)).Add("Relu", "r", "g"), "r",
            12),
        ["gate"] = Ending(Stem().Add("GlobalAveragePool", "q", "s").Add("Conv", "q1", "q w1[2,8,1,1]").Add("Sigmoid", "q2", "q1")
            .Add("Conv", "q3", "q2 w3[8,2,1,1]").Add("Mul", "m", "s q3"), "m", 8),
        ["constants"] = Ending(Stem().Add("Mul", "m", "s k1[8,1,1]").Add("Sub", "u", "k2[1,8,1,1] m").Add("Add", "v", "u k3[1]"),
            "v", 8),
        ["flatten"] = Stem().Add("MaxPool", "q", "s", ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }))
            .Add("Flatten", "f", "q")
            .Add("Gemm", "y", "f w[128,5] b[5]").Build(["N", 3, 8, 8], ["N", 5]),
        ["reshape to a number"] = Stem().Add("shape", -1, 512).Add("Reshape", "f", "s shape")
            .Add("Gemm", "h", "f w[7,512] b[7]", ("transB", 1L))
            .Add("MatMul", "p", "h wp[7,5]").Add("Add", "y", "p bp[5]").Build(["N", 3, 8, 8], ["N", 5]),
        ["reshape by its shape"] = Stem().Add("zero", 0).Add("open", 64).Add("Shape", "sh", "s").Add("Gather", "n", "sh zero")
            .Add("channels", 8).Add("Concat", "t", "n channels open", ("axis", 0L))
            .Add("Reshape", "f", "s t").Add("ReduceMean", "h", "f", ("axes", new long[] { 2 }), ("keepdims", 0L))
                .Add("Gemm", "y", "h w[8,5] b[5]").Build(["N", 3, 8, 8], ["N", 5]),
        ["tokens"] = Stem().Add("shape", 0, 8, 64).Add("Reshape", "f", "s shape")
            .Add("Transpose", "t", "f", ("perm", new long[] { 0, 2, 1 }))
            .Add("MatMul", "m", "t w1[8,6]").Add("Add", "a", "m b1[6]").Add("Tanh", "r", "a").Add("MatMul", "m2", "r w2[6,5]")
                .Add("ReduceMean", "y", "m2", ("axes", new long[] { 1 }), ("keepdims", 0L))
            .Build(["N", 3, 8, 8], ["N", 5]),
        ["quantized"] = Ending(Stem().Add("plume.FakeQuantize", "qw", "w1[8,8,3,3] var1[8]", ("axis", 0L), ("bits", 4L))
            .Add("Conv", "c1", "s qw", Same), "c1", 8),
    };

    // ONNX Runtime knows no FakeQuantize.
    public static TheoryData<string> Names => [.. Graphs.Keys.Where(name => name != "quantized")];

    [Theory]
    [MemberData(nameof(Names))]
    public void Channels_that_do_nothing_can_go_and_nothing_changes(string name)
    {
        var graph = Graphs[name];
        graph = Dead.In(graph, out int dead);

        var pruned = Dead.Remove(graph, dead);

        Assert.True(dead > 0);
        float[] input = Some.Normal(2 * 3 * 64, "input");
        var (_, before) = Runtime.Run(graph, [2, 3, 8, 8], input);
        var (shape, after) = Runtime.Run(pruned.Graph, [2, 3, 8, 8], input);
        Assert.Equal([2, 5], shape);
        Assert.All(before.Zip(after), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * (1 + Math.Abs(pair.First))));
    }

    [Fact]
    public void Any_share_of_any_graph_gives_a_graph_with_the_output_and_the_cost_as_told() =>
        Gen.Select(Gen.Int[0, Graphs.Count - 1], Gen.Double[0.01, 1], Gen.Bool, Gen.Bool, Gen.Int[1, 4])
            .Sample((index, keep, global, parameters, fewest) =>
        {
            var graph = Graphs.Values.ElementAt(index);
            var measure = parameters ? ChannelMeasure.Parameters : ChannelMeasure.MultiplyAdds;

            var pruned = new ChannelPruning(keep, measure, global ? ChannelScope.Global
                : ChannelScope.Layer, new RandomScore(Some.Key))
            { Fewest = fewest }.Apply(graph);

            GraphCost before = GraphCost.Of(graph), after = GraphCost.Of(pruned.Graph);
            double share = parameters ? (double)after.Parameters / before.Parameters
                : (double)after.MultiplyAdds / before.MultiplyAdds;
            Assert.Equal(share, pruned.Reached, 1e-12);
            Assert.True(pruned.IsReached == share <= keep);
            Assert.Equal(["N", 5], ShapeInference.Of(pruned.Graph)["y"]);
            Assert.Equal(pruned.Graph.ToWeights().Values, pruned.Cut(graph.ToWeights()).Values);
            Assert.All(pruned.Removed,
                group => Assert.True(group.Group.Channels - group.Channels.Count >= Math.Min(fewest, group.Group.Channels)));
        }, iter: 300);

    [Fact]
    public void A_residual_ties_what_it_adds()
    {
        var group = Assert.Single(ChannelGroups.Of(Graphs["residual"]).Groups);

        Assert.Equal("ws + w1: 8 channels in 9 tensors", group.ToString());
        Assert.Equal(
            ["ws axis 0 (produces)", "bs axis 0 (accompanies)", "w1 axis 0 (produces)", "w1 axis 1 (consumes)"],
            group.Slices.Select(slice => slice.ToString()).Take(4));
    }

    [Fact]
    public void A_concatenation_shifts_what_comes_second()
    {
        var groups = ChannelGroups.Of(Graphs["concat"]).Groups;

        Assert.Equal(["ws", "w1", "w2"], groups.Select(group => group.Name));
        Assert.Equal([8, 9, 10, 11],
            groups[1].Slices.Single(slice => slice.Tensor == "g1").Indices.Select(indices => indices.Single()));
    }

    [Fact]
    public void Groups_of_a_convolution_stay_equally_large()
    {
        var groups = ChannelGroups.Of(Graphs["grouped"]).Groups;

        Assert.Equal([4, 6], groups.Select(group => group.Channels));
        Assert.Equal([0, 4], groups[0].Slices.Single(slice => slice.Tensor == "ws").Indices[0]);
        Assert.Equal([5, 11], groups[1].Slices.Single(slice => slice.Tensor == "wg").Indices[5]);
    }

    [Fact]
    public void A_depthwise_convolution_keeps_a_group_for_each_channel()
    {
        var pruned = new ChannelPruning(0.5).Apply(Graphs["depthwise"]);

        var conv = pruned.Graph.Nodes.Single(node => node.Name == "d");
        Assert.Equal(pruned.Graph.Weights["wd"].Shape[0], conv.Int("group", 1));
        Assert.True(conv.Int("group", 1) < 8);
    }

    [Fact]
    public void A_feature_behind_a_flatten_is_one_of_a_run()
    {
        var slice = ChannelGroups.Of(Graphs["flatten"]).Groups.Single().Slices.Single(slice => slice.Use == ChannelUse.Consumes);

        Assert.Equal([16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31], slice.Indices[1]);
    }

    [Fact]
    public void A_file_from_elsewhere_shrinks_and_runs()
    {
        var graph = Foreign();

        var pruned = new ChannelPruning(0.7).Apply(graph);

        Assert.True(pruned.IsReached);
        Assert.Equal(
            [
                new("c2.weight", "they pass node '/Reshape' (Reshape), which makes one dimension of them and of others"),
                new("f2.weight", "they reach the graph's output 'scores'"),
                new("onnx::Conv_38", "they pass node '/Reshape' (Reshape), which makes one dimension of them and of others"),
            ],
            pruned.Unprunable);
        Assert.Equal([2, 3], Runtime.Run(pruned.Graph, [2, 1, 8, 8], Some.Normal(128, "image")).Shape);
        graph = Dead.In(graph, out int dead);
        float[] image = Some.Normal(128, "image");
        var (_, before) = Runtime.Run(graph, [2, 1, 8, 8], image);
        var (_, after) = Runtime.Run(Dead.Remove(graph, dead).Graph, [2, 1, 8, 8], image);
        Assert.All(before.Zip(after), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Theory]
    [InlineData("ReduceMean", "they pass node 'r' (ReduceMean), which takes them together")]
    [InlineData("Softmax", "they pass node 'r' (Softmax), which weighs each against the others")]
    [InlineData("LSTM", null)]
    public void What_cannot_go_is_named_with_its_reason(string op, string? reason)
    {
        var graph = Ending(Stem().Add(op, "r", "s", ("axis", 1L), ("axes", new long[] { 1 })).Add("Add", "a", "r s"), "a", 8);

        if (reason is null)
        {
            Assert.StartsWith("The shape of node 'r' (LSTM) cannot be told",
                Assert.Throws<InvalidPayloadException>(() => ChannelGroups.Of(graph)).Message, StringComparison.Ordinal);
            return;
        }

        Assert.Contains(new Unprunable("ws", reason), ChannelGroups.Of(graph).Unprunable);
        Assert.Empty(ChannelGroups.Of(graph).Groups);
    }

    [Fact]
    public void A_weight_that_is_no_initializer_stays()
    {
        var graph = new ModelGraph(
            "g",
            [new("x", ElementType.Float, ["N", 3, 8, 8]), new("w", ElementType.Float, [4, 3, 3, 3])],
            [new("y", ElementType.Float, ["N", 2, 4, 4])],
            [new("c1", "Conv", ["x", "w"], ["h"]), new("c2", "Conv", ["h", "w2"], ["y"])],
            [Initializer.Of("w2", [2, 4, 3, 3], new float[72])]);

        Assert.Equal([new Unprunable("w2", "they reach the graph's output 'y'")], ChannelGroups.Of(graph).Unprunable);
        Assert.Empty(ChannelGroups.Of(graph).Groups);
        Assert.Equal(1, new ChannelPruning(0.5).Apply(graph).Reached);
    }

    [Fact]
    public void A_shape_known_only_at_run_time_stays()
    {
        var graph = new Branches().Add("Conv", "s", "x ws[8,3,3,3]", Same).Add("Flatten", "f", "s", ("axis", 2L))
            .Add("shape", -1, 8).Add("Reshape", "y", "f shape").Build(["N", 3, "H", "W"], ["M", 8]);

        Assert.StartsWith("they pass node 'f' (Flatten), whose shape is known only at run time",
            Assert.Single(ChannelGroups.Of(graph).Unprunable).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_of_integers_is_to_be_pruned_before()
    {
        var graph = new ModelGraph(
            "g",
            [new("x", ElementType.Float, ["N", 3])],
            [new("y", ElementType.Float, ["N", 2])],
            [
                new("d", "DequantizeLinear", ["q", "scale"], ["w"], new Dictionary<string, AttributeValue> { ["axis"] = 1L }),
                new("m1", "MatMul", ["x", "w"], ["h"]), new("m2", "MatMul", ["h", "w2"], ["y"]),
            ],
            [
                new("q", ElementType.Int8, [3, 4], new byte[12]), Initializer.Of("scale", [4], [1f, 1, 1, 1]),
                Initializer.Of("w2", [4, 2], new float[8]),
            ]);

        Assert.Equal(
            [new("q", "it holds no floats; prune before quantizing"), new("w2", "they reach the graph's output 'y'")],
            ChannelGroups.Of(graph).Unprunable);
    }

    [Fact]
    public void A_scale_for_each_channel_goes_with_it()
    {
        var pruned = new ChannelPruning(0.3).Apply(Graphs["quantized"]);

        Assert.Equal(pruned.Graph.Weights["w1"].Shape[0], pruned.Graph.Weights["var1"].Shape[0]);
        Assert.True(pruned.Graph.Weights["w1"].Shape[0] < 8);
    }

    [Fact]
    public void A_new_shape_follows_the_channels_and_the_old_one_is_dropped()
    {
        var graph = new ChannelPruning(0.3).Apply(Graphs["reshape to a number"]).Graph;

        Assert.Equal([-1, 64 * graph.Weights["ws"].Shape[0]], graph.FindInitializer("f.shape")!.Ints.ToArray());
        Assert.Null(graph.FindInitializer("shape"));
    }

    [Fact]
    public void A_tensor_that_is_not_there_cannot_be_left_alone() => Assert.StartsWith(
        "Model 'lenet' has no tensor 'conv7' to leave alone.",
        Assert.Throws<ArgumentException>(() => ChannelGroups.Of(Some.Model("lenet"), ["conv7"])).Message,
        StringComparison.Ordinal);

    static Branches Stem() => new Branches().Add("Conv", "s", "x ws[8,3,3,3] bs[8]", Same);

    static ModelGraph Ending(Branches graph, string value, int channels) => graph
        .Add("GlobalAveragePool", "pooled", value).Add("Flatten", "flat", "pooled")
            .Add("Gemm", "y", $"flat wy[5,{channels}] by[5]", ("transB", 1L))
        .Build(["N", 3, 8, 8], ["N", 5]);

    static ModelGraph Foreign([CallerFilePath] string here = "") =>
        OnnxFile.ReadFile(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "golden", "pytorch-export.onnx"));
}

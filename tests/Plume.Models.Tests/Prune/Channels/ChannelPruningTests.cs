using Plume.Compression.Weights;
using Plume.Models.Cost;
using Plume.Models.Prune.Channels;
using Plume.Models.Prune.Connections;

namespace Plume.Models.Tests;

public class ChannelPruningTests
{
    public static TheoryData<string, ChannelMeasure, ChannelScope> Ways =>
        [.. new MatrixTheoryData<string, ChannelMeasure, ChannelScope>(
        ["mlp", "lenet", "resnet8"], [ChannelMeasure.Parameters, ChannelMeasure.MultiplyAdds],
        [ChannelScope.Global, ChannelScope.Layer])
        .Select(row => row.Data)];

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_model_shrinks_to_the_share_and_not_much_below(string name, ChannelMeasure measure, ChannelScope scope)
    {
        var graph = Some.Trained(Some.Model(name));

        var pruned = new ChannelPruning(0.25, measure, scope).Apply(graph);

        GraphCost before = GraphCost.Of(graph), after = GraphCost.Of(pruned.Graph);
        double share = measure == ChannelMeasure.Parameters ? (double)after.Parameters / before.Parameters
            : (double)after.MultiplyAdds / before.MultiplyAdds;
        Assert.True(pruned.IsReached);
        Assert.Equal(share, pruned.Reached, 1e-12);
        Assert.InRange(share, 0.22, 0.25);
        Assert.Equal(graph.Outputs[0].ToString(), pruned.Graph.Outputs[0].ToString());
        var (shape, values) = Runtime.Run(pruned.Graph, [2, 1, 28, 28], Some.Normal(2 * 784, "image"));
        Assert.Equal([2, 10], shape);
        Assert.All(values, value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData("mlp")]
    [InlineData("lenet")]
    [InlineData("resnet8")]
    public void Channels_that_do_nothing_can_go_and_nothing_changes(string name)
    {
        var graph = Dead.In(Some.Trained(Some.Model(name)), out int dead);

        var pruned = Dead.Remove(graph, dead);

        float[] whole = new float[graph.Weights.Length];
        pruned.SliceOf(graph.Weights).Scatter<float>(pruned.Graph.ToWeights().Values, whole);
        Assert.Equal(graph.ToWeights().Values, whole);
        float[] image = Some.Normal(784, "image");
        double[] before = NaiveForward.Run(graph, new([1, 1, 28, 28], [.. image.Select(value => (double)value)])).Values;
        double[] after = NaiveForward.Run(pruned.Graph, new([1, 1, 28, 28], [.. image.Select(value => (double)value)])).Values;
        Assert.All(before.Zip(after), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
    }

    [Fact]
    public void A_graph_stays_where_no_channel_is_dead_and_one_channel_stays_where_all_are()
    {
        var graph = Some.Model("mlp");
        Assert.Null(DeadChannels.Remove(graph));
        var gone = DeadChannels.Remove(graph.With(new ModelWeights(graph.Weights)));
        Assert.Equal(1, gone!.Graph.Weights["fc1.weight"].Shape[0]);
    }

    [Fact]
    public void LeNet_falls_to_a_quarter_as_told()
    {
        var pruned = new ChannelPruning(0.25).Apply(Some.Model("lenet"));

        Assert.InRange(GraphCost.Of(pruned.Graph).Parameters, 17_000, 20_050);
        Assert.Equal(["conv1.weight", "conv2.weight", "fc1.weight"], pruned.Removed.Select(group => group.Group.Name));
        Assert.Equal("The channels of 'fc2.weight' stay: they reach the graph's output 'output'.",
            Assert.Single(pruned.Unprunable).ToString());
    }

    [Fact]
    public void A_share_that_cannot_be_reached_gives_the_smallest_model_and_says_how_near_it_is()
    {
        var pruned = new ChannelPruning(1e-9).Apply(Some.Model("lenet"));

        Assert.False(pruned.IsReached);
        Assert.Equal((26 + 26 + 17 + 20) / 80_202.0, pruned.Reached, 1e-12);
        Assert.Equal(26 + 26 + 17 + 20, pruned.Graph.Weights.Length);
    }

    [Fact]
    public void A_group_keeps_its_fewest_channels_and_what_the_caller_names()
    {
        var pruned = new ChannelPruning(1e-9) { Fewest = 6, LeaveAlone = ["conv2.weight"] }.Apply(Some.Model("lenet"));

        // conv2's own channels and those that it reads.
        Assert.Equal(["conv1.weight [16, 1, 5, 5]", "conv2.weight [32, 16, 5, 5]", "fc1.weight [6, 512]"],
            pruned.Graph.Weights.Tensors.Where(tensor => tensor.Role == TensorRole.Weight).Take(3)
                .Select(tensor => tensor.ToString()));
        Assert.Contains(new Unprunable("conv1.weight", "the caller leaves it alone"), pruned.Unprunable);
    }

    [Theory]
    [InlineData(ChannelScope.Global)]
    [InlineData(ChannelScope.Layer)]
    public void Channels_that_stay_can_be_a_multiple(ChannelScope scope)
    {
        var pruned = new ChannelPruning(0.4, Scope: scope) { Multiple = 5 }.Apply(Some.Trained(Some.Model("resnet8")));

        Assert.True(pruned.IsReached);
        Assert.All(pruned.Removed,
            group => Assert.True(group.Channels.Count == 0 || (group.Group.Channels - group.Channels.Count) % 5 == 0));
        Assert.Contains(pruned.Removed, group => group.Channels.Count > 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChannelPruning(0.4) { Multiple = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChannelPruning(0.4) { Fewest = 0 });
    }

    [Fact]
    public void The_lowest_channels_of_a_group_go()
    {
        var graph = Some.Model("lenet");
        var groups = ChannelGroups.Of(graph);
        var scores = new ChannelNorm().Of(groups);

        foreach (var scope in Enum.GetValues<ChannelScope>())
        {
            var removed = new ChannelPruning(0.3, Scope: scope).Apply(graph).Removed;
            Assert.All(removed.Zip(scores), pair => Assert.True(
                pair.First.Channels.Max(channel => pair.Second![channel])
                < Enumerable.Range(0, pair.Second!.Length).Except(pair.First.Channels).Min(channel => pair.Second[channel])));
        }
    }

    [Fact]
    public void All_is_kept_where_all_may_be_kept()
    {
        var graph = Some.Model("resnet8");
        var pruned = new ChannelPruning(1).Apply(graph);

        Assert.Equal(graph.Weights, pruned.Graph.Weights);
        Assert.Equal(1, pruned.Reached);
        Assert.Empty(pruned.Cuts);
    }

    [Fact]
    public void What_belongs_to_the_weights_is_cut_as_they_are()
    {
        var graph = Some.Model("lenet");
        var pruned = new ChannelPruning(0.3).Apply(graph);

        Assert.Equal(pruned.Graph.ToWeights().Values, pruned.Cut(graph.ToWeights()).Values);
        var mask = new MagnitudePruning(0.5).MaskOf(graph);
        Assert.Equal(WeightMask.OfZeros(pruned.Cut(mask.Apply(graph).ToWeights())), pruned.Cut(mask));
        string message = Assert.Throws<ArgumentException>(() => pruned.Cut(Some.Model("mlp").ToWeights())).Message;
        Assert.StartsWith("The values are of another layout than the model had before it was pruned: tensor 'fc1.weight", message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(0)]
    [InlineData(1.5)]
    public void A_share_is_above_0_and_up_to_1(double keep) => Assert.StartsWith(
        "What is kept is a share of the model: above 0, and up to 1 (all).",
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChannelPruning(keep)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Weights_that_are_not_numbers_have_no_order()
    {
        var weights = Some.Model("mlp").ToWeights();
        weights.Values[5] = float.NaN;

        string message = Assert.Throws<ArgumentException>(() => new ChannelPruning(0.5)
            .Apply(Some.Model("mlp").With(weights))).Message;

        Assert.StartsWith("A score must be a number, but one of the channels of 'fc1.weight' is not", message,
            StringComparison.Ordinal);
    }
}

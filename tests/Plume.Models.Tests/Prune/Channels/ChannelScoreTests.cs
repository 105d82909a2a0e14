using Plume.Compression.Weights;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;

namespace Plume.Models.Tests;

public class ChannelScoreTests
{
    // y = relu(x w1) w2: two channels between.
    static readonly ModelGraph Graph = new(
        "two",
        [new("x", ElementType.Float, ["N", 1])],
        [new("y", ElementType.Float, ["N", 1])],
        [new("m1", "MatMul", ["x", "w1"], ["h"]), new("r", "Relu", ["h"], ["r"]), new("m2", "MatMul", ["r", "w2"], ["y"])],
        [Initializer.Of("w1", [1, 2], [3f, -1f]), Initializer.Of("w2", [2, 1], [-4f, 1f])]);

    static readonly ChannelGroups Groups = ChannelGroups.Of(Graph);

    [Fact]
    public void A_norm_is_of_all_that_goes_with_a_channel_over_the_mean_of_its_group()
    {
        double[] magnitudes = Assert.Single(new ChannelNorm(1).Of(Groups))!,
            squares = Assert.Single(new ChannelNorm().Of(Groups))!;

        Assert.Equal([7 / 4.5, 2 / 4.5], magnitudes);
        Assert.Equal(5 / Math.Sqrt(2), squares[0] / squares[1], 1e-12);
        Assert.Equal(2, squares.Sum(), 1e-12);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChannelNorm(3));
    }

    [Fact]
    public void A_Taylor_score_is_the_mean_square_of_what_weight_times_gradient_sums_to()
    {
        var gradients = new TaylorGradients(Graph);
        gradients.Add(new ModelWeights(Graph.Weights, [1, 2, 0.5f, 3]));
        gradients.Add(new ModelWeights(Graph.Weights, [1, 0, 1, 1]));

        double[] scores = Assert.Single(gradients.ToScore().Of(Groups))!;

        Assert.Equal([((3 - 2) * (3 - 2) + (3 - 4) * (3 - 4)) / 2.0, ((-2 + 3) * (-2 + 3) + 1) / 2.0], scores);
        Assert.Equal(2, gradients.Batches);
    }

    [Fact]
    public void A_Taylor_score_needs_gradients_of_its_graph()
    {
        var gradients = new TaylorGradients(Graph);

        Assert.Equal("A Taylor score is taken from gradients on data, but no batch was added.",
            Assert.Throws<InvalidOperationException>(gradients.ToScore).Message);
        Assert.StartsWith(
            "The gradients have another layout than model 'two'.",
            Assert.Throws<ArgumentException>(() => gradients.Add(Some.Model("mlp").ToWeights())).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_scale_of_zero_is_the_first_to_go()
    {
        var graph = Some.Trained(Some.Model("resnet8"));
        var weights = graph.ToWeights();
        weights["block2.1.bn.weight"][5] = 0;
        graph = graph.With(weights);

        var pruned = new ChannelPruning(0.9999, Score: new BatchNormScale()).Apply(graph);

        var removed = Assert.Single(pruned.Removed, group => group.Channels.Count > 0);
        Assert.Equal("block2.1.conv.weight", removed.Group.Name);
        Assert.Equal([5], removed.Channels);
    }

    [Fact]
    public void A_group_without_a_normalization_has_no_scale_and_stays()
    {
        var pruned = new ChannelPruning(0.5, Score: new BatchNormScale()).Apply(Some.Model("mlp"));

        Assert.False(pruned.IsReached);
        Assert.Contains(new Unprunable("fc1.weight", "no BatchNormalization scales them, and the score is its scale"),
            pruned.Unprunable);
    }

    [Fact]
    public void A_random_score_follows_its_key()
    {
        var groups = ChannelGroups.Of(Some.Model("lenet"));

        Assert.Equal(new RandomScore(Some.Key).Of(groups), new RandomScore(Some.Key).Of(groups));
        Assert.NotEqual(new RandomScore(Some.Key).Of(groups), new RandomScore(Some.Key.Fold(1)).Of(groups));
    }
}

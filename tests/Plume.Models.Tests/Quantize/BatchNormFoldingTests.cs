using Plume.Compression.Wire;
using Plume.Models.Building;
using Plume.Models.Quantize;

namespace Plume.Models.Tests;

public class BatchNormFoldingTests
{
    [Fact]
    public void Folding_leaves_the_scores_and_takes_every_normalization_away()
    {
        var graph = Some.Trained(Some.Model("resnet8"));

        var folded = BatchNormFolding.Apply(graph);

        Assert.DoesNotContain(folded.Nodes, node => node.OpType == "BatchNormalization");
        Assert.Equal(["stem.conv.weight", "stem.conv.bias", "block1.1.conv.weight"], folded.Initializers.Take(3)
            .Select(tensor => tensor.Name));
        Assert.DoesNotContain(folded.Initializers, tensor => tensor.Name.Contains(".bn.", StringComparison.Ordinal));
        double[] expected = NaiveForward.Run(graph, Calibrated.Images(2)).Values,
            actual = NaiveForward.Run(folded, Calibrated.Images(2)).Values;
        Assert.All(expected.Zip(actual), each => Assert.Equal(each.First, each.Second, 1e-5));
    }

    [Fact]
    public void A_dense_layer_and_its_bias_take_a_normalization_in()
    {
        var graph = Some.Trained(new GraphBuilder([6], Some.Key).Dense("d", 4).BatchNorm("bn").Build("dense"));

        var folded = BatchNormFolding.Apply(graph);

        Assert.Equal(["d.weight", "d.bias"], folded.Initializers.Select(tensor => tensor.Name));
        float[] values = Some.Normal(12, "x");
        float[] expected = Runtime.Run(graph, [2, 6], values).Values, actual = Runtime.Run(folded, [2, 6], values).Values;
        Assert.All(expected.Zip(actual), each => Assert.Equal(each.First, each.Second, 1e-5));
    }

    [Fact]
    public void What_others_read_is_left_alone()
    {
        var before = new GraphBuilder([3, 4, 4], Some.Key).BatchNorm("bn").Conv("c", 2, 1).Build("before");
        Assert.Same(before, BatchNormFolding.Apply(before));
        var fork = new GraphBuilder([3, 4, 4], Some.Key).Conv("c", 3, 1).Residual(main => main.BatchNorm("bn")).Build("fork");
        Assert.Same(fork, BatchNormFolding.Apply(fork));
    }

    [Fact]
    public void A_negative_variance_is_named()
    {
        var graph = new GraphBuilder([3, 4, 4], Some.Key).Conv("c", 2, 1).BatchNorm("bn").Build("bad");
        var weights = graph.ToWeights();
        weights["bn.running_var"][1] = -1;

        string message = Assert.Throws<InvalidPayloadException>(() => BatchNormFolding.Apply(graph.With(weights))).Message;

        Assert.Contains("channel 1 has variance -1", message, StringComparison.Ordinal);
    }
}

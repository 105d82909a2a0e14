using Plume.Compression.Wire;
using Plume.Models.Building;
using Plume.Models.Cost;
using Plume.Models.Graph;
using Plume.Models.Quantize;

namespace Plume.Models.Tests;

public class GraphCostTests
{
    [Fact]
    public void LeNet_costs_what_its_layers_cost()
    {
        var cost = GraphCost.Of(Some.Model("lenet"));

        Assert.Equal(80_202, cost.Parameters);
        Assert.Equal(
            [("conv1", 24L * 24 * 16 * 25), ("conv2", 8L * 8 * 32 * 16 * 25), ("fc1", 512L * 128), ("fc2", 128L * 10)],
            cost.Nodes.Where(node => node.MultiplyAdds > 0).Select(node => (node.Node.Name, node.MultiplyAdds)));
        Assert.Equal(cost.Nodes.Sum(node => node.MultiplyAdds), cost.MultiplyAdds);
        Assert.Equal(["N", 16, 24, 24], cost.Nodes[0].Shape);
    }

    [Fact]
    public void Statistics_are_no_parameters()
    {
        var graph = new GraphBuilder([3, 4, 4], Some.Key).BatchNorm("bn").Build("bn");

        Assert.Equal(6, GraphCost.Of(graph).Parameters);
        Assert.Equal(12, graph.Weights.Length);
    }

    [Fact]
    public void A_quantized_model_costs_what_it_cost_before()
    {
        var graph = BatchNormFolding.Apply(Some.Model("lenet"));
        var quantized = Calibrated.Model("lenet", new QuantizationScheme());
        var lowered = QdqLowering.Apply(quantized);
        Assert.Equal(80_202, GraphCost.Of(quantized).Parameters);
        Assert.Equal(80_202, GraphCost.Of(lowered).Parameters);
        Assert.Equal(GraphCost.Of(graph).MultiplyAdds, GraphCost.Of(lowered).MultiplyAdds);
    }

    [Fact]
    public void A_fixed_batch_is_divided_out()
    {
        var weight = Initializer.Of("w", [5, 3], new float[15]);
        var matMul = new Node("m", "MatMul", ["x", "w"], ["y"]);
        ModelGraph Graph(Dimension batch) => new(
            "g", [new("x", ElementType.Float, [batch, 4, 5])], [new("y", ElementType.Float, [batch, 4, 3])], [matMul], [weight]);

        Assert.Equal(4 * 5 * 3, GraphCost.Of(Graph("N")).MultiplyAdds);
        Assert.Equal(4 * 5 * 3, GraphCost.Of(Graph(8)).MultiplyAdds);
    }

    [Fact]
    public void A_grouped_convolution_costs_only_its_own_channels()
    {
        var conv = new Node("c", "Conv", ["x", "w"], ["y"], new Dictionary<string, AttributeValue> { ["group"] = 4L });
        var graph = new ModelGraph(
            "g", [new("x", ElementType.Float, ["N", 8, 6, 6])], [new("y", ElementType.Float, ["N", 4, 4, 4])], [conv],
            [Initializer.Of("w", [4, 2, 3, 3], new float[72])]);

        Assert.Equal(4 * 4 * 4 * 2 * 9, GraphCost.Of(graph).MultiplyAdds);
    }

    [Fact]
    public void A_count_beyond_64_bits_is_refused()
    {
        const int Side = 46_340;
        ModelGraph Graph(int products) => new(
            "g",
            [new("x", ElementType.Float, ["N", Side, Side])],
            [new("y0", ElementType.Float, ["N", Side, Side])],
            [.. Enumerable.Range(0, products).Select(index => new Node($"m{index}", "MatMul", ["x", "x"], [$"y{index}"]))],
            []);

        long each = (long)Side * Side * Side;

        Assert.Equal(2 * each, GraphCost.Of(Graph(2)).MultiplyAdds);
        Assert.Throws<InvalidPayloadException>(() => GraphCost.Of(Graph((int)(long.MaxValue / each) + 1)));
    }

    [Fact]
    public void An_unknown_operator_is_named()
    {
        var graph = new ModelGraph("g", [new("x", ElementType.Float, ["N"])], [new("y", ElementType.Float, ["N"])],
            [new("odd", "Wiggle", ["x"], ["y"])], []);

        Assert.Contains("node 'odd' (Wiggle)", Assert.Throws<InvalidPayloadException>(() => GraphCost.Of(graph)).Message,
            StringComparison.Ordinal);
    }
}

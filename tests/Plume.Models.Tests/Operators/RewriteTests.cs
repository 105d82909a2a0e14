using Plume.Models.Graph;
using Plume.Models.Graph.Rewrites;

namespace Plume.Models.Tests;

/// <summary>What is done to a graph before it is changed layer by layer: it gives what it gave, and says more.</summary>
public class RewriteTests
{
    [Fact]
    public void Each_normalization_has_parameters_of_its_own_however_an_exporter_shared_them()
    {
        var graph = Graph(
            ["N", 4, 3, 3],
            [
                Node("BatchNormalization", "x ones zeros zeros ones", "a"), Node("Conv", "a w zeros", "b"),
                Node("BatchNormalization", "b ones zeros zeros ones", "y"),
            ],
            [Fill("ones", 1, 4), Fill("zeros", 0, 4), Random("w", 4, 4, 1, 1)]);

        var own = Unshared.Of(graph);

        string[] vectors = [.. own.Nodes.SelectMany(node => node.Inputs.Skip(1)).Where(name => name != "w")];
        Assert.Equal(9, vectors.Distinct().Count());
        Assert.Equal(graph.Weights.Tensors.Count + 7, own.Weights.Tensors.Count);
        AssertSame(graph, own, [2, 4, 3, 3]);
    }

    [Fact]
    public void A_bias_that_comes_through_Identity_is_a_copy_of_its_own_beside_each_weight()
    {
        var graph = Graph(
            ["N", 3, 4, 4],
            [
                Node("Identity", "b", "b2"), Node("Identity", "b2", "b3"), Node("Conv", "x w1 b", "a"), Node("Relu", "a", "ra"),
                Node("Conv", "ra w2 b2", "c"),
                Node("Relu", "c", "rc"), Node("Conv", "rc w3 b3", "y"),
            ],
            [Fill("b", 0, 3), Random("w1", 3, 3, 1, 1), Random("w2", 3, 3, 1, 1), Random("w3", 3, 3, 1, 1)]);

        var own = Unshared.Of(graph);

        Assert.DoesNotContain(own.Nodes, node => node.OpType == "Identity");
        Assert.Equal(3, own.Nodes.Where(node => node.OpType == "Conv").Select(node => node.Inputs[2]).Distinct().Count());
        AssertSame(graph, own, [2, 3, 4, 4]);
    }

    [Fact]
    public void What_is_tied_stays_tied()
    {
        var graph = Graph(
            ["N", 5],
            [
                Node("Gemm", "x w b", "a"), Node("LayerNormalization", "a s t", "l"), Node("Relu", "l", "r"),
                Node("Gemm", "r w b", "c"), Node("LayerNormalization", "c s t", "y"),
            ],
            [Random("w", 5, 5), Random("b", 5), Random("s", 5), Random("t", 5)],
            opset: 17);

        Assert.Same(graph, Unshared.Of(graph));
    }

    [Fact]
    public void A_flattening_view_is_folded_to_a_constant_shape()
    {
        var graph = Graph(
            ["N", 3, 4],
            [
                Node("Shape", "x", "s"), Node("Gather", "s first", "g"), Node("Unsqueeze", "g axes", "u"),
                Node("Concat", "u rest", "c", ("axis", 0L)), Node("Reshape", "x c", "f"),
                Node("Relu", "f", "y"),
            ],
            [Initializer.Of("first", [], [0L]), Initializer.Of("axes", [1], [0L]), Initializer.Of("rest", [1], [-1L])]);

        var folded = Folded.Of(graph);

        Assert.Equal(["Reshape", "Relu"], folded.Nodes.Select(node => node.OpType));
        AssertSame(graph, folded, [5, 3, 4]);
    }

    [Fact]
    public void A_batch_of_one_is_freed_where_the_graph_lets_it()
    {
        var graph = Graph([1, 3, 4], [Node("Reshape", "x shape", "f"), Node("Gemm", "f w", "y")],
            [Initializer.Of("shape", [2], [1L, 12L]), Random("w", 12, 2)]);

        var free = FreeBatch.Of(graph, out string? problem);

        Assert.Null(problem);
        Assert.Equal([3, 2], Runtime.Run(free, [3, 3, 4], Some.Normal(36, "x")).Shape);
    }

    [Fact]
    public void A_batch_that_cannot_be_freed_is_said_with_the_node_that_stops_it()
    {
        var graph = Graph([1, 3, 4], [Node("Reshape", "x shape", "f"), Node("Gemm", "f w", "y")],
            [Initializer.Of("shape", [2], [3L, 4L]), Random("w", 4, 2)]);

        Assert.Same(graph, FreeBatch.Of(graph, out string? problem));
        Assert.Contains("node 'f' (Reshape) does not keep samples apart", problem, StringComparison.Ordinal);
    }

    static ModelGraph Graph(Dimension[] input, Node[] nodes, Initializer[] tensors, int opset = 13) =>
        new("g", [new("x", ElementType.Float, input)], [new("y", ElementType.Float, []) { HasShape = false }], nodes, tensors,
            opset);

    static Node Node(string op, string inputs, string output, params (string Name, AttributeValue Value)[] attributes) =>
        new(output, op, inputs.Split(' '), [output], attributes.ToDictionary(entry => entry.Name, entry => entry.Value));

    static Initializer Fill(string name, float value, int length) =>
        Initializer.Of(name, [length], Enumerable.Repeat(value, length).ToArray());

    static Initializer Random(string name, params int[] shape) =>
        Initializer.Of(name, shape, Some.Normal(shape.Aggregate(1, (product, length) => product * length), name));

    static void AssertSame(ModelGraph left, ModelGraph right, long[] shape)
    {
        float[] values = Some.Normal((int)shape.Aggregate(1L, (product, length) => product * length), "x");
        Assert.Equal(Runtime.Run(left, shape, values).Values, Runtime.Run(right, shape, values).Values);
    }
}

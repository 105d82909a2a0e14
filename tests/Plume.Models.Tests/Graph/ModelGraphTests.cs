using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Models.Graph;

namespace Plume.Models.Tests;

public class ModelGraphTests
{
    [Fact]
    public void Only_tensors_in_weight_bearing_slots_are_in_the_layout()
    {
        var graph = Graph(
            [
                new("mean", "Sub", ["x", "pixel_mean"], ["centred"]),
                new("flat", "Reshape", ["centred", "shape"], ["rows"]),
                new("dense", "MatMul", ["rows", "w"], ["product"]),
                new("bias", "Add", ["b", "product"], ["shifted"]),
                new("bound", "Clip", ["shifted", "low", ""], ["y"]),
            ],
            [Floats("pixel_mean", 1, 4), Numbers("shape", 0, -1), Floats("w", 4, 3), Floats("b", 3), Floats("low")]);

        Assert.Equal([("w", TensorRole.Weight), ("b", TensorRole.Bias)], Roles(graph));
    }

    [Fact]
    public void The_layout_follows_the_order_of_the_initializers()
    {
        var graph = Graph(
            [new("c", "Conv", ["x", "w", "b"], ["v"]),
                new("n", "BatchNormalization", ["v", "scale", "shift", "mean", "var"], ["y"])],
            [Floats("var", 2), Floats("b", 2), Floats("shift", 2), Floats("scale", 2), Floats("w", 2, 1, 1, 1),
                Floats("mean", 2)]);

        Assert.Equal(
            [
                ("var", TensorRole.Statistic), ("b", TensorRole.Bias), ("shift", TensorRole.Normalization),
                ("scale", TensorRole.Normalization), ("w", TensorRole.Weight), ("mean", TensorRole.Statistic),
            ],
            Roles(graph));
    }

    [Fact]
    public void A_weight_is_found_behind_a_transpose_and_a_fake_quantization()
    {
        var graph = Graph(
            [
                new("q", "QuantizeLinear", ["w", "scale", "zero"], ["wq"]),
                new("d", "DequantizeLinear", ["wq", "scale", "zero"], ["wd"]),
                new("t", "Transpose", ["wd"], ["wt"]),
                new("m", "MatMul", ["x", "wt"], ["y"]),
            ],
            [Floats("w", 3, 4), Floats("scale"), new Initializer("zero", ElementType.Int8, [], new byte[1])]);

        Assert.Equal([("w", TensorRole.Weight)], Roles(graph));
    }

    [Fact]
    public void A_mask_added_to_a_product_is_a_constant_and_a_half_float_a_weight()
    {
        var graph = Graph(
            [new("m", "MatMul", ["x", "w"], ["v"]), new("a", "Add", ["v", "mask"], ["u"]),
                new("l", "MatMul", ["u", "half"], ["y"])],
            [Floats("w", 4, 4), Floats("mask", 4, 4), new Initializer("half", ElementType.Float16, [4, 4], new byte[32])]);

        Assert.Equal([("w", TensorRole.Weight), ("half", TensorRole.Weight)], Roles(graph));
    }

    [Fact]
    public void An_input_that_is_left_out_lends_its_place_to_nobody()
    {
        var graph = Graph(
            [new("i", "Identity", ["k"], ["", "y"]), new("g", "Gemm", ["x", "w", ""], ["z"])],
            [Floats("k", 2), Floats("w", 4, 4)]);

        Assert.Equal([("w", TensorRole.Weight)], Roles(graph));
    }

    [Fact]
    public void New_values_go_into_a_new_graph()
    {
        var graph = Some.Model("lenet");
        var weights = graph.ToWeights();
        float before = weights.Values[0];
        weights.Values.AsSpan().Fill(0.25f);

        var trained = graph.With(weights);

        Assert.Equal(before, graph.ToWeights().Values[0]);
        Assert.All(trained.ToWeights().Values, value => Assert.Equal(0.25f, value));
        weights.Values[0] = 3;
        Assert.Equal(0.25f, trained.ToWeights().Values[0]);
    }

    [Fact]
    public void Values_of_another_layout_are_refused()
    {
        var other = new ModelWeights(ModelLayout.Of([("w", [80_202], TensorRole.Weight)]));

        Assert.Contains("another layout", Assert.Throws<ArgumentException>(() => Some.Model("lenet").With(other)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_attribute_of_another_type_names_the_node()
    {
        var node = new Node("", "Conv", ["x"], ["y"], new Dictionary<string, AttributeValue> { ["strides"] = 2L });

        string message = Assert.Throws<InvalidPayloadException>(() => node.Ints("strides")).Message;

        Assert.Equal("Attribute 'strides' of node 'y' (Conv) is of type Int, but Conv needs Ints.", message);
        Assert.Equal([1, 1], node.Ints("dilations", 1, 1));
    }

    [Fact]
    public void A_tensor_whose_bytes_do_not_fill_its_shape_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new Initializer("t", ElementType.Float, [2, 2], new byte[15]));
        Assert.Throws<ArgumentException>(() => new Initializer("t", ElementType.Float, [-1], Array.Empty<byte>()));
        Assert.Throws<ArgumentException>(() =>
            new Initializer("t", ElementType.Float, [1 << 20, 1 << 20, 0], Array.Empty<byte>()));
        Assert.Throws<ArgumentException>(() => new Initializer("t", ElementType.String, [0], Array.Empty<byte>()));
        Assert.Throws<InvalidOperationException>(() => Numbers("n", 1).Floats.Length);
    }

    [Fact]
    public void A_graph_that_reads_what_nothing_writes_is_a_mistake() =>
        Assert.Throws<ArgumentException>(() => Graph([new("n", "Relu", ["nowhere"], ["y"])], []));

    static (string Name, TensorRole Role)[] Roles(ModelGraph graph) =>
        [.. graph.Weights.Tensors.Select(tensor => (tensor.Name, tensor.Role))];

    static ModelGraph Graph(Node[] nodes, Initializer[] initializers) => new(
        "graph", [new("x", ElementType.Float, ["N", 4])], [new("y", ElementType.Float, []) { HasShape = false }], nodes,
        initializers);

    static Initializer Floats(string name, params int[] shape) =>
        Initializer.Of(name, shape, new float[shape.Aggregate(1, (product, length) => product * length)]);

    static Initializer Numbers(string name, params long[] values) => Initializer.Of(name, [values.Length], values);
}

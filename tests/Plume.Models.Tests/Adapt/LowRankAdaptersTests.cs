using Plume.Compression.Weights;
using Plume.Models.Adapt;
using Plume.Models.Graph;
using Plume.Models.Onnx;

namespace Plume.Models.Tests.Adapt;

public class LowRankAdaptersTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Factors_are_learned_and_weights_are_not_also_where_a_client_reads_the_file(bool freezesA)
    {
        var graph = Some.Model("lenet");
        var adapted = LowRankAdapters.Insert(graph, 4, freezesA, Some.Key);
        string[] expected =
        [
            .. Factors("conv1.weight", "[4, 25]", "[16, 4]"), "conv1.bias [16]",
            .. Factors("conv2.weight", "[4, 400]", "[32, 4]"), "conv2.bias [32]",
            .. Factors("fc1.weight", "[4, 512]", "[128, 4]"), "fc1.bias [128]", .. Factors("fc2.weight", "[4, 128]", "[10, 4]"),
            "fc2.bias [10]",
        ];
        Assert.Equal(expected, adapted.Weights.Tensors.Select(tensor => tensor.ToString()));
        var sent = OnnxFile.Read(OnnxFile.Write(adapted.With(new ModelWeights(adapted.Weights))));
        Assert.Equal(adapted.Weights, sent.Weights);
        foreach (var tensor in graph.Weights.Tensors.Where(tensor => tensor.Role == TensorRole.Weight))
            Assert.Equal(graph.FindInitializer(tensor.Name)!.Floats.ToArray(),
                sent.FindInitializer(tensor.Name)!.Floats.ToArray());

        string[] Factors(string weight, string a, string b) => freezesA ? [$"{weight}.lora_B {b}"]
            : [$"{weight}.lora_A {a}", $"{weight}.lora_B {b}"];
    }

    [Fact]
    public void A_weight_that_is_no_larger_than_its_factors_is_trained_whole()
    {
        // Factors of rank 9 of [10, 128] would have 1,242 values, of rank 10 as many as 1,380.
        var adapted = LowRankAdapters.Insert(Some.Model("lenet"), 10, freezesA: false, Some.Key);
        Assert.Equal(["conv2.weight.lora_A", "conv2.weight.lora_B", "fc1.weight.lora_A", "fc1.weight.lora_B"],
            adapted.Weights.Tensors.Select(tensor => tensor.Name).Where(name => name.Contains("lora", StringComparison.Ordinal)));
        Assert.Contains(adapted.Weights.Tensors, tensor => tensor.Name == "fc2.weight");
    }

    [Fact]
    public void A_is_drawn_by_its_name_with_rows_of_length_one_and_B_is_zero()
    {
        var weights = LowRankAdapters.Insert(Some.Model("lenet"), 8, freezesA: false, Some.Key).ToWeights();
        foreach (var tensor in weights.Layout.Tensors.Where(tensor => AdapterNames.IsA(tensor.Name)))
        {
            float[] values = weights[tensor].ToArray();
            Assert.InRange(values.Sum(value => (double)value * value) / 8, 0.8, 1.2);
        }

        Assert.All(weights.Layout.Tensors.Where(tensor => AdapterNames.IsB(tensor.Name)),
            tensor => Assert.All(weights[tensor].ToArray(), value => Assert.Equal(0, value)));
        float[] other = LowRankAdapters.Insert(Some.Model("lenet"), 8, freezesA: false, Some.Key.Fold(1)).ToWeights().Values;
        Assert.NotEqual(other, weights.Values);
    }

    [Theory]
    [InlineData("lenet")]
    [InlineData("resnet8")]
    [InlineData("logistic")]
    public void Merged_weights_are_those_plus_the_product_of_the_factors_in_the_graph_before(string name)
    {
        var graph = Some.Trained(Some.Model(name));
        foreach (bool freezesA in new[] { false, true })
        {
            var adapted = LowRankAdapters.Insert(graph, 2, freezesA, Some.Key);
            var weights = adapted.ToWeights();
            Some.Normal(weights.Values.Length, "factors").CopyTo(weights.Values, 0);
            adapted = adapted.With(weights);
            var merged = MergedAdapters.Of(adapted);
            Assert.Equal(graph.Weights, merged.Weights);
            Assert.Equal(graph.Initializers.Select(tensor => tensor.ToString()),
                merged.Initializers.Select(tensor => tensor.ToString()));
            Assert.Equal(graph.Nodes.Select(node =>
                $"{node.OpType} {string.Join(' ', node.Inputs)} {string.Join(' ', node.Outputs)}"),
                merged.Nodes.Select(node => $"{node.OpType} {string.Join(' ', node.Inputs)} {string.Join(' ', node.Outputs)}"));
            foreach (var tensor in graph.Weights.Tensors.Where(tensor => tensor.Role == TensorRole.Weight))
                Assert.Equal(Exact(graph.FindInitializer(tensor.Name)!, adapted),
                    merged.FindInitializer(tensor.Name)!.Floats.ToArray());
            Assert.Same(merged, MergedAdapters.Of(merged));
        }
    }

    // The slow twin: each value for itself, in decimals.
    static float[] Exact(Initializer weight, ModelGraph adapted)
    {
        if (adapted.FindInitializer(AdapterNames.A(weight.Name)) is not { } a)
            return adapted.FindInitializer(weight.Name)!.Floats.ToArray();
        var b = adapted.FindInitializer(AdapterNames.B(weight.Name))!;
        int inputs = a.Shape[1], rank = a.Shape[0];
        return [.. Enumerable.Range(0, weight.Length)
            .Select(i => (float)(double)((decimal)(double)weight.Floats[i] + Enumerable.Range(0, rank)
                .Sum(r => (decimal)(double)b.Floats[i / inputs * rank + r] * (decimal)(double)a.Floats[r * inputs
                    + i % inputs])))];
    }

    [Fact]
    public void What_cannot_be_adapted_is_refused_with_what_can()
    {
        Assert.Equal("Rank 200 is too large for every layer of model 'lenet': factors of 'fc1.weight' [128, 512] have fewer "
            + "values than it has up to rank 102. Use a rank of 1 to 102. (Parameter 'rank')", Refusal(Some.Model("lenet"), 200));
        Assert.StartsWith("Model 'none' has no weight of a layer in 32-bit floats",
            Refusal(new ModelGraph("none", [new("x", ElementType.Float, ["N", 2])], [new("y", ElementType.Float, ["N", 2])],
                [new Node("", "Relu", ["x"], ["y"])], []), 1), StringComparison.Ordinal);
        Assert.Contains("has adapters already", Refusal(LowRankAdapters.Insert(Some.Model("lenet"), 2, false, Some.Key), 2),
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => LowRankAdapters.Insert(Some.Model("lenet"), 0, false, Some.Key));
    }

    static string Refusal(ModelGraph graph, int rank) =>
        Assert.Throws<ArgumentException>(() => LowRankAdapters.Insert(graph, rank, false, Some.Key)).Message;
}

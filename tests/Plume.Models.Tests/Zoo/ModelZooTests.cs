using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Models.Building;
using Plume.Models.Zoo;

namespace Plume.Models.Tests;

public class ModelZooTests
{
    [Theory]
    [InlineData("logistic", 784 * 10 + 10)]
    [InlineData("mlp", 784 * 64 + 64 + 64 * 10 + 10)]
    [InlineData("lenet", 80_202)]
    [InlineData("resnet8", 77_754 + 2 * 336)]
    public void Models_have_their_number_of_values(string name, int values) =>
        Assert.Equal(values, Some.Model(name).Weights.Length);

    [Fact]
    public void LeNet_has_its_tensors_in_the_order_of_its_layers()
    {
        var tensors = Some.Model("lenet").Weights.Tensors;

        Assert.Equal(
            [
                "conv1.weight [16, 1, 5, 5]", "conv1.bias [16]", "conv2.weight [32, 16, 5, 5]", "conv2.bias [32]",
                "fc1.weight [128, 512]", "fc1.bias [128]", "fc2.weight [10, 128]", "fc2.bias [10]",
            ],
            tensors.Select(tensor => tensor.ToString()));
        Assert.Equal(
            [TensorRole.Weight, TensorRole.Bias],
            tensors.Select(tensor => tensor.Role).Distinct());
    }

    [Fact]
    public void A_residual_network_has_normalizations_and_statistics()
    {
        var roles = Some.Model("resnet8").Weights.Tensors.CountBy(tensor => tensor.Role).ToDictionary();

        Assert.Equal(10, roles[TensorRole.Weight]);
        Assert.Equal(1, roles[TensorRole.Bias]);
        Assert.Equal(18, roles[TensorRole.Normalization]);
        Assert.Equal(18, roles[TensorRole.Statistic]);
    }

    [Fact]
    public void The_hidden_layer_is_as_wide_as_asked()
    {
        var graph = Mlp.Write(new GraphBuilder([784], Some.Key), classes: 10, hidden: 200).Build("mlp");

        Assert.Equal([200, 784], graph.Weights["fc1.weight"].Shape);
    }

    [Fact]
    public void The_same_key_gives_the_same_values_and_another_key_others()
    {
        float[] values = Some.Model("lenet").ToWeights().Values;

        Assert.Equal(values, Some.Model("lenet").ToWeights().Values);
        Assert.NotEqual(values, ModelZoo.Build("lenet", Some.Image, 10, RandomKey.FromSeed(8)).ToWeights().Values);
    }

    [Fact]
    public void Nearest_names_come_first_when_a_name_is_unknown()
    {
        string message = Assert.Throws<ArgumentException>(() => ModelZoo.Build("lennet", Some.Image, 10, Some.Key)).Message;

        Assert.StartsWith("There is no model 'lennet'; the built-in models are lenet, resnet8, ", message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_does_not_fit_the_input_says_where()
    {
        string message = Assert.Throws<ArgumentException>(() => ModelZoo.Build("lenet", [1, 8, 8], 10, Some.Key)).Message;

        Assert.StartsWith(
            "Model 'lenet' does not fit samples of shape [1, 8, 8]. The node 'conv2' (Conv) does not fit its inputs: "
            + "a kernel that reaches over 5 values is longer than the 2 values",
            message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void No_class_at_all_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ModelZoo.Build("mlp", Some.Image, 0, Some.Key));
}

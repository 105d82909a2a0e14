using Plume.Compression.Weights;
using Plume.Models.Prune.Connections;

namespace Plume.Models.Tests;

public class WeightMaskTests
{
    static readonly ModelLayout Layout = ModelLayout.Of([("w", [2, 3], TensorRole.Weight), ("b", [2], TensorRole.Bias)]);

    [Fact]
    public void Dead_values_become_zero_and_the_others_stay()
    {
        var weights = new ModelWeights(Layout, [1, -2, float.NaN, 4, 5, 6, 7, 8]);

        new WeightMask(Layout, [true, false, false, true, true, false, true, true]).Apply(weights);

        Assert.Equal([1, 0, 0, 4, 5, 0, 7, 8], weights.Values);
    }

    [Theory]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(1000)]
    public void Many_values_are_cleared_as_single_ones_are(int length)
    {
        var layout = ModelLayout.Of([("w", [length], TensorRole.Weight)]);
        float[] values = Some.Normal(length, "values"), draws = Some.Normal(length, "mask");
        bool[] kept = [.. draws.Select(draw => draw > 0)];
        float[] cleared = [.. values];

        new WeightMask(layout, kept).Apply(cleared);

        Assert.Equal(values.Zip(kept, (value, lives) => lives ? value : 0f), cleared);
    }

    [Fact]
    public void Sparsity_is_that_of_the_weights_and_not_of_the_biases()
    {
        var mask = new WeightMask(Layout, [true, false, false, true, true, false, true, true]);

        Assert.Equal(0.5, mask.Sparsity);
        Assert.Equal(5, mask.Count);
        Assert.Equal("5 of 8 values live", mask.ToString());
        Assert.Equal(3, mask.CountOf(Layout["w"]));
        Assert.Equal(0, WeightMask.All(Layout).Sparsity);
    }

    [Fact]
    public void Both_masks_together_keep_what_each_of_them_keeps()
    {
        var left = new WeightMask(Layout, [true, false, true, true, true, true, true, true]);
        var right = new WeightMask(Layout, [true, true, false, true, true, true, true, false]);

        Assert.Equal(new WeightMask(Layout, [true, false, false, true, true, true, true, false]), left.And(right));
    }

    [Fact]
    public void The_zeros_of_a_pruned_model_are_its_mask()
    {
        var graph = Some.Model("resnet8");
        var mask = new MagnitudePruning(0.7).MaskOf(graph);

        var pruned = mask.Apply(graph);

        Assert.Equal(mask, WeightMask.OfZeros(pruned.ToWeights()));
    }

    [Fact]
    public void A_mask_of_another_layout_is_refused()
    {
        var mask = WeightMask.All(Layout);
        var other = ModelLayout.Of([("w", [8], TensorRole.Weight)]);

        string message = Assert.Throws<ArgumentException>(() => mask.Apply(new ModelWeights(other))).Message;

        Assert.StartsWith("The mask is for another layout: 8 values in 2 tensors, not 8 in 1.", message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => mask.And(WeightMask.All(other)));
        Assert.Throws<ArgumentException>(() => mask.Apply(new float[7]));
        Assert.StartsWith(
            "The layout has 8 values, but the mask has 2.",
            Assert.Throws<ArgumentException>(() => new WeightMask(Layout, [true, false])).Message,
            StringComparison.Ordinal);
    }
}

using CsCheck;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Models.Graph;
using Plume.Models.Prune.Connections;

namespace Plume.Models.Tests;

public class ConnectionPruningTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.9, 72_014)]
    [InlineData(1, 80_016)]
    public void Exactly_as_many_weights_go_as_the_rate_says(double rate, int pruned)
    {
        var graph = Some.Model("lenet");

        foreach (ConnectionPruning technique in (ConnectionPruning[])[new MagnitudePruning(rate),
            new RandomPruning(rate, Some.Key)])
        {
            var mask = technique.MaskOf(graph);

            Assert.Equal(80_202 - pruned, mask.Count);
            Assert.Equal(pruned / 80_016.0, mask.Sparsity);
        }
    }

    [Fact]
    public void The_survivors_are_the_largest()
    {
        var graph = Some.Model("lenet");
        var mask = new MagnitudePruning(0.8).MaskOf(graph);

        float[] values = graph.ToWeights().Values;
        var weights = graph.Weights.Tensors.Where(tensor => tensor.Role == TensorRole.Weight)
            .SelectMany(tensor => Enumerable.Range(tensor.Offset, tensor.Length))
                .ToLookup(index => mask.Kept[index], index => MathF.Abs(values[index]));

        Assert.True(weights[true].Min() >= weights[false].Max());
    }

    [Fact]
    public void Any_rate_prunes_as_sorting_does() =>
        Gen.Select(Gen.Double[0, 1], Gen.Float[-2, 2].Array[12], Gen.Bool).Sample((rate, values, perTensor) =>
        {
            var graph = Two(values);

            var mask = new MagnitudePruning(rate, perTensor ? ConnectionScope.Tensor : ConnectionScope.Global).MaskOf(graph);

            int[][] parts = perTensor ? [[0, 1, 2, 3], [4, 5, 6, 7, 8, 9, 10, 11]] : [[.. Enumerable.Range(0, 12)]];
            foreach (int[] part in parts)
            {
                int count = (int)Math.Floor(rate * part.Length + 0.5);
                var gone = part.OrderBy(index => MathF.Abs(values[index])).ThenByDescending(index => index).Take(count).Order();
                Assert.Equal(gone, part.Where(index => !mask.Kept[index]));
            }
        });

    [Fact]
    public void Of_equal_weights_the_later_ones_go() =>
        Assert.Equal("111111000000", Shown(new MagnitudePruning(0.5).MaskOf(Two([1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1]))));

    [Fact]
    public void Only_weights_go_and_no_bias_normalization_or_statistic()
    {
        var graph = Some.Trained(Some.Model("resnet8"));
        var mask = new MagnitudePruning(1).MaskOf(graph);

        foreach (var tensor in graph.Weights.Tensors)
            Assert.Equal(tensor.Role == TensorRole.Weight ? 0 : tensor.Length, mask.CountOf(tensor));
    }

    [Fact]
    public void A_tensor_can_be_left_alone_by_name()
    {
        var graph = Some.Model("lenet");

        var mask = new MagnitudePruning(1) { LeaveAlone = ["fc2.weight"] }.MaskOf(graph);

        Assert.Equal(1280, mask.CountOf(graph.Weights["fc2.weight"]));
        Assert.Equal(0, mask.CountOf(graph.Weights["fc1.weight"]));
        string message = Assert.Throws<ArgumentException>(() =>
            new MagnitudePruning(1) { LeaveAlone = ["fc9"] }.MaskOf(graph)).Message;
        Assert.StartsWith("The layout has no tensor 'fc9'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_pruning_follows_its_key_and_grows_with_its_rate()
    {
        var graph = Some.Model("lenet");
        var mask = new RandomPruning(0.5, Some.Key).MaskOf(graph);
        var higher = new RandomPruning(0.8, Some.Key).MaskOf(graph);

        Assert.Equal(mask, new RandomPruning(0.5, Some.Key).MaskOf(graph));
        Assert.NotEqual(mask, new RandomPruning(0.5, RandomKey.FromSeed(8)).MaskOf(graph));
        Assert.Equal(higher, higher.And(mask));
    }

    [Fact]
    public void Two_of_four_are_kept_along_the_input_of_each_product()
    {
        // w1 is [2, 2]: its groups are shorter than four. w2 is [2, 4] as [in, out]: the same.
        Assert.Equal("1111" + "11111111",
            Shown(new StructuredSparsity(2, 4).MaskOf(Two([.. Enumerable.Range(0, 12).Select(index => (float)index)]))));
        Assert.Equal("0011" + "00001111",
            Shown(new StructuredSparsity(1, 2).MaskOf(Two([.. Enumerable.Range(0, 12).Select(index => (float)index)]))));
        Assert.Equal("1100" + "11110000", Shown(new StructuredSparsity(1, 2).MaskOf(Two([.. Enumerable.Repeat(1f, 12)]))));
    }

    [Fact]
    public void Kernels_are_pruned_along_their_input_channels()
    {
        var graph = Some.Model("lenet");
        var mask = new StructuredSparsity(2, 4).MaskOf(graph);

        var kernel = mask[graph.Weights["conv2.weight"]].ToArray();
        for (int channel = 0; channel < 32 * 4; channel++)
        {
            for (int at = 0; at < 25; at++)
                Assert.Equal(2, Enumerable.Range(0, 4).Count(each => kernel[(channel * 4 + each) * 25 + at]));
        }

        var row = mask[graph.Weights["fc1.weight"]].ToArray();
        Assert.All(row.Chunk(4), group => Assert.Equal(2, group.Count(kept => kept)));
        Assert.Equal(400, mask.CountOf(graph.Weights["conv1.weight"]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new StructuredSparsity(5, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new StructuredSparsity(0, 0));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(1.5)]
    [InlineData(-0.1)]
    public void A_rate_is_from_0_to_1(double rate)
    {
        string message = Assert.Throws<ArgumentOutOfRangeException>(() => new MagnitudePruning(rate)).Message;

        Assert.StartsWith("A rate is the share of weights to remove, from 0 (none) to 1 (all).", message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomPruning(rate, Some.Key));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MagnitudePruning(0.5) with { Rate = rate });
    }

    [Fact]
    public void Weights_that_are_not_finite_are_refused()
    {
        string message = Assert.Throws<ArgumentException>(() => new MagnitudePruning(0.5)
            .MaskOf(Two([1, 2, float.NaN, 4, 5, 6, 7, 8, 9, 10, 11, 12]))).Message;

        Assert.StartsWith("Weights must be finite, but value 2 of tensor 'w1' is NaN.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rate_rises_fast_at_first_and_slowly_towards_its_end()
    {
        var schedule = new GradualSchedule(Final: 0.9, Steps: 100, Initial: 0.1, Start: 10, Every: 5);

        Assert.Equal(0.1, schedule.RateAt(0));
        Assert.Equal(0.1, schedule.RateAt(14), 1e-12);
        Assert.Equal(0.9 - 0.8 * Math.Pow(0.95, 3), schedule.RateAt(15), 1e-12);
        Assert.Equal(0.9 - 0.8 * 0.125, schedule.RateAt(60), 1e-12);
        Assert.Equal(0.9, schedule.RateAt(110));
        Assert.Equal(0.9, schedule.RateAt(int.MaxValue));
        Assert.All(Enumerable.Range(0, 120), step => Assert.True(schedule.RateAt(step) <= schedule.RateAt(step + 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => schedule.RateAt(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradualSchedule(double.NaN, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradualSchedule(0.9, 0));
    }

    static string Shown(WeightMask mask) => string.Concat(mask.Kept.ToArray().Select(kept => kept ? '1' : '0'));

    // Two products, of 4 and of 8 weights.
    static ModelGraph Two(float[] values) => new(
        "two",
        [new("x", ElementType.Float, ["N", 2])],
        [new("y", ElementType.Float, ["N", 4])],
        [new("m1", "MatMul", ["x", "w1"], ["h"]), new("m2", "MatMul", ["h", "w2"], ["y"])],
        [Initializer.Of("w1", [2, 2], values.AsSpan(0, 4)), Initializer.Of("w2", [2, 4], values.AsSpan(4, 8))]);
}

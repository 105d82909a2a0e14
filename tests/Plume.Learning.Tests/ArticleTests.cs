using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Models.Building;
using Plume.Models.Graph;
using Plume.Models.Prune.Connections;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Learning.Tests;

/// <summary>Where docs/from-the-article.md says that Plume does what the article means and its code does not.</summary>
public class ArticleTests
{
    static readonly float[] Weights = [0.9f, -0.1f, 0.05f, -1.4f, 0.3f, 2.2f, -0.02f, 0.6f];

    [Fact]
    public void What_survives_pruning_is_largest()
    {
        var mask = new MagnitudePruning(0.5).MaskOf(Graph());
        Assert.Equal([0.9f, 0, 0, -1.4f, 0, 2.2f, 0, 0.6f], mask.Apply(Graph()).ToWeights().Values);
    }

    [Fact]
    public void The_articles_pruning_keeps_what_is_smallest()
    {
        double threshold = Weights.Select(Math.Abs).Order().ElementAt(Weights.Length / 2);
        float[] printed = [.. Weights.Select(weight => Math.Abs(weight) < threshold ? weight : 0)];
        Assert.True(Energy(printed) < 0.05 * Energy(Weights));
        Assert.True(Energy(new MagnitudePruning(0.5).MaskOf(Graph()).Apply(Graph()).ToWeights().Values) > 0.95 * Energy(Weights));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(1e-6)]
    public void Quantization_errs_by_at_most_half_a_step_on_any_range(double range)
    {
        var weight = Initializer.Of("w", [Weights.Length], [.. Weights.Select(value => (float)(value * range))]);
        var quantizer = new FakeQuantizer(4);
        float step = WeightScales.Of(weight, axis: null, bits: 4, WeightFit.LargestMagnitude)[0];
        foreach (float value in weight.Floats)
            Assert.InRange(Math.Abs(value - (double)quantizer.Quantize(value, step)), 0, step * (0.5 + 1e-5));
    }

    [Fact]
    public void The_articles_quantization_leaves_the_range_that_its_bits_have()
    {
        int[] printed = [.. Weights.Select(weight => (int)MathF.Round(weight * 15))];
        Assert.Contains(printed, level => level is < 0 or > 15);
        var quantizer = new FakeQuantizer(4);
        Assert.All(Weights, weight => Assert.InRange(quantizer.LevelOf(weight, 2.2f / 7), quantizer.Lowest, quantizer.Highest));
    }

    static ModelGraph Graph()
    {
        var graph = new GraphBuilder([4], RandomKey.FromSeed(1)).Dense("fc", 2, bias: false).Build("two");
        return graph.With(new ModelWeights(graph.Weights, [.. Weights]));
    }

    static double Energy(float[] values) => values.Sum(value => (double)value * value);
}

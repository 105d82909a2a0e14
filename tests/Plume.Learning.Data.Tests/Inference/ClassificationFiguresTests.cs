using Plume.Learning.Inference.Metrics;

namespace Plume.Learning.Data.Tests;

/// <summary>Figures of small cases, counted by hand.</summary>
public sealed class ClassificationFiguresTests
{
    [Theory]
    [InlineData("0.1 0.4 0.35 0.8", "nnpp", 0.75)]
    [InlineData("1 2 3 4", "nnpp", 1.0)]
    [InlineData("1 2 3 4", "ppnn", 0.0)]
    [InlineData("5 5 5 5", "npnp", 0.5)]
    [InlineData("1 2 2 3", "npnp", 0.875)]
    [InlineData("3 1 2", "pnp", 1.0)]
    [InlineData("1 2", "pp", null)]
    [InlineData("", "", null)]
    public void The_area_is_the_share_of_pairs_that_stand_right(string scores, string truths, double? area) =>
        Assert.Equal(area, RankArea.Of([.. scores.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(float.Parse)],
            [.. truths.Select(truth => truth == 'p')]));

    [Fact]
    public void What_is_no_number_has_no_area() =>
        Assert.Throws<ArgumentException>(() => RankArea.Of([1, float.NaN, 2], [true, false, true]));

    [Fact]
    public void Each_class_has_its_precision_recall_and_F1_and_counts_alike_in_the_mean()
    {
        // Class 0: 2 of 3 claims right, 2 of 2 samples found. Class 1: 1 of 1, 1 of 3. Class 2: 1 of 2, 1 of 1. Class 3: nothing.
        var figures = ClassificationFigures.Of([0, 0, 1, 1, 1, 2], [0, 0, 0, 1, 2, 2], [], 4, ["a", "b", "c", "d"]);
        Assert.Equal(
            [
                new ClassFigures("a", 2, 2.0 / 3, 1, 0.8, null), new ClassFigures("b", 3, 1, 1.0 / 3, 0.5, null),
                new ClassFigures("c", 1, 0.5, 1, 2.0 / 3, null), new ClassFigures("d", 0, 0, 0, 0, null),
            ], figures.Classes);
        Assert.Equal((0.8 + 0.5 + 2.0 / 3) / 3, figures.F1, 1e-12);
        Assert.Null(figures.Auc);
    }

    [Fact]
    public void Scores_are_compared_across_samples_as_probabilities()
    {
        // By raw scores the second sample, of another class, would stand before the first.
        var figures = ClassificationFigures.Of([0, 1], [0, 1], [1, 0, 5, 9], 2);
        Assert.Equal((1.0, 1.0), (figures.Classes[0].Auc, figures.Auc));
        // Rows that are probabilities are taken as they are.
        Assert.Equal(1, ClassificationFigures.Of([0, 1], [0, 1], [0.9f, 0.1f, 0.8f, 0.2f], 2).Auc);
        // A single score speaks for class 1.
        Assert.Equal(0.75, ClassificationFigures.Of([0, 0, 1, 1], [0, 0, 0, 1], [0.1f, 0.4f, 0.35f, 0.8f], 2).Auc);
    }
}

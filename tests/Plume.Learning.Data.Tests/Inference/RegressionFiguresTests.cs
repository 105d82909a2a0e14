using CsCheck;
using Plume.Learning.Inference.Metrics;

namespace Plume.Learning.Data.Tests;

/// <summary>Figures of numbers that a model predicts, against sums in decimal arithmetic.</summary>
public sealed class RegressionFiguresTests
{
    static readonly Gen<float> Number = Gen.Int[-1000, 1000].Select(value => value / 16f);

    [Fact]
    public void Figures_are_those_of_exact_sums() =>
        Gen.Select(Number, Number).Array[2, 40].Sample(pairs =>
        {
            float[] truths = [.. pairs.Select(pair => pair.Item1)], told = [.. pairs.Select(pair => pair.Item2)];
            decimal[] apart = [.. pairs.Select(pair => (decimal)pair.Item2 - (decimal)pair.Item1)];
            decimal mean = truths.Average(each => (decimal)each), squares = apart.Sum(Square),
                spread = truths.Sum(each => Square((decimal)each - mean));
            var figures = RegressionFigures.Of(truths, told, 4);
            Assert.Equal((double)(16 * squares / pairs.Length), figures.Mse, 1e-6);
            Assert.Equal((double)(4 * apart.Average(Math.Abs)), figures.Mae, 1e-8);
            Assert.Equal(spread == 0 ? squares == 0 ? 1 : 0 : (double)(1 - squares / spread), figures.R2, 1e-6);
        });

    [Fact]
    public void Numbers_that_all_agree_are_told_perfectly_or_not_at_all()
    {
        Assert.Equal(1, RegressionFigures.Of([3, 3], [3, 3]).R2);
        Assert.Equal(0, RegressionFigures.Of([3, 3], [3, 4]).R2);
        Assert.Throws<ArgumentException>(() => RegressionFigures.Of([1, 2], [1]));
    }

    static decimal Square(decimal value) => value * value;
}

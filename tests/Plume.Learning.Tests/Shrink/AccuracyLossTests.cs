using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Learning.Shrink;

namespace Plume.Learning.Tests.Shrink;

public class AccuracyLossTests
{
    const int Samples = 100;
    static readonly LabeledSet Zeros = new("zeros", new float[Samples], [1], new int[Samples], 2);

    // The first model is wrong on the last samples, the second on those from there on.
    static AccuracyLoss Loss(int wrongBefore, int wrongAfter, int from = 0) =>
        AccuracyLoss.Of(Wrong(Samples - wrongBefore, wrongBefore), Wrong(from, wrongAfter), Zeros);

    static Predictions Wrong(int from, int count) =>
        new([.. Enumerable.Range(0, Samples).Select(i => i >= from && i < from + count ? 1 : 0)]);

    [Fact]
    public void Models_that_are_right_on_the_same_samples_differ_by_nothing_for_sure() =>
        Assert.Equal(new AccuracyLoss(0, 0), Loss(20, 20, Samples - 20));

    [Fact]
    public void The_standard_error_is_that_of_the_mean_of_the_paired_differences()
    {
        // 10 samples lost, 4 won: differences of 1, -1 and 0.
        var loss = Loss(4, 10);
        double[] differences = [.. Enumerable.Repeat(1.0, 10), .. Enumerable.Repeat(-1.0, 4), .. Enumerable.Repeat(0.0, 86)];
        double mean = differences.Average(), variance = differences.Average(value => (value - mean) * (value - mean));
        Assert.Equal(mean, loss.Lost, 1e-12);
        Assert.Equal(Math.Sqrt(variance / Samples), loss.Error, 1e-12);
    }

    [Fact]
    public void A_loss_about_the_bound_is_neither_within_nor_beyond()
    {
        var loss = Loss(4, 10);
        Assert.False(loss.IsWithin(0.06));
        Assert.False(loss.IsBeyond(0.06));
        Assert.True(loss.IsWithin(0.1));
        Assert.True(loss.IsBeyond(0.02));
        Assert.True(Loss(10, 4).IsWithin(0));
    }

    [Fact]
    public void Predictions_of_another_number_of_samples_are_refused()
    {
        var few = new Predictions([0, 1]);
        var refusal = Assert.Throws<ArgumentException>(() => AccuracyLoss.Of(few, Wrong(0, 0), Zeros));
        Assert.Contains("'zeros' has 100 samples, but the predictions are of 2 and 100.", refusal.Message);
    }
}

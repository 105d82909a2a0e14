namespace Plume.Learning.Data.Tests;

public sealed class DigitsTests
{
    readonly (LabeledSet Train, LabeledSet Test) digits = Digits.Load();

    [Fact]
    public void There_are_1437_to_train_on_and_360_to_test_on()
    {
        Assert.Equal(1437, digits.Train.Count);
        Assert.Equal(360, digits.Test.Count);
        Assert.Equal([1, 8, 8], digits.Train.SampleShape);
        Assert.Equal(10, digits.Test.Classes);
    }

    // The counts that the repository's description gives for its test part.
    [Fact]
    public void Every_class_is_as_frequent_as_its_source_says() => Assert.Equal(
        [178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
        digits.Train.Labels.Concat(digits.Test.Labels).CountBy(label => label).OrderBy(pair => pair.Key)
            .Select(pair => pair.Value));

    [Fact]
    public void Pixels_are_sixteenths_from_0_to_1()
    {
        var pixels = digits.Train.Features.Concat(digits.Test.Features).ToArray();
        Assert.Equal((0, 1), (pixels.Min(), pixels.Max()));
        Assert.All(pixels, pixel => Assert.Equal(MathF.Round(pixel * 16), pixel * 16));
        // The mean pixel of the set is 4.884 of 16 (1,797 x 64 pixels sum up to 561,718).
        Assert.Equal(561_718, pixels.Sum(pixel => (double)pixel * 16));
    }

    [Fact]
    public void The_split_is_the_same_every_time()
    {
        var again = Digits.Load();
        Assert.Equal(digits.Train.Features, again.Train.Features);
        Assert.Equal(digits.Test.Labels, again.Test.Labels);
        // All classes are in the test part, none by much more than its share.
        Assert.All(again.Test.Labels.CountBy(label => label), pair => Assert.InRange(pair.Value, 20, 55));
    }
}

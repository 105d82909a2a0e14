namespace Plume.Learning.Data.Tests;

public sealed class LabeledSetTests
{
    [Fact]
    public void A_sample_is_a_slice_of_the_features()
    {
        var set = new LabeledSet("two", [1, 2, 3, 4, 5, 6], [3, 1], [1, 0], classes: 2);
        Assert.Equal(2, set.Count);
        Assert.Equal(3, set.SampleLength);
        Assert.Equal([4, 5, 6], set[1].ToArray());
    }

    [Theory]
    [InlineData(5, 3, 1, "'bad' has 2 labels for samples of 3 values, so it needs 6 features; 5 were given.")]
    [InlineData(6, 3, 2, "A label of 'bad' must be in 0..1; label 1 is 2.")]
    [InlineData(6, 3, -1, "A label of 'bad' must be in 0..1; label 1 is -1.")]
    [InlineData(0, 0, 1, "A dimension of a sample must be positive; 'bad' has 0.")]
    [InlineData(6, int.MaxValue, 1, "A sample of 'bad' has too many values: [2147483647, 2].")]
    public void What_does_not_fit_is_refused(int features, int dimension, int label, string rule)
    {
        int[] shape = dimension == int.MaxValue ? [dimension, 2] : [dimension];
        var refusal = Assert.Throws<ArgumentException>(() =>
            new LabeledSet("bad", new float[features], shape, [0, label], classes: 2));
        Assert.StartsWith(rule, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_sample_needs_its_client() => Assert.StartsWith(
        "Column 'site' names 1 clients for the 2 samples of 'two'.",
        Assert.Throws<ArgumentException>(() =>
            new LabeledSet("two", [1, 2], [1], [0, 0], 1) { Clients = new ClientColumn("site", ["a"]) }).Message,
        StringComparison.Ordinal);
}

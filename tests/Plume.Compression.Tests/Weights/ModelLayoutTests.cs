using Plume.Compression.Container;
using Plume.Compression.Weights;

namespace Plume.Compression.Tests.Weights;

public class ModelLayoutTests
{
    [Theory]
    [InlineData(int.MaxValue, int.MaxValue, 0)]
    [InlineData(0, int.MaxValue, int.MaxValue)]
    [InlineData(65_536, 65_536, 0)]
    public void A_dimension_of_zero_makes_a_tensor_empty_whatever_the_others_are(int a, int b, int c)
    {
        var layout = ModelLayout.Of([("none", [a, b, c], TensorRole.Weight), ("w", [300], TensorRole.Weight)]);
        Assert.Equal((0, 300), (layout["none"].Length, layout.Length));
        var file = PlumeFile.Read(Some.PlumeFile("uniform(8, channel) | rans", layout).ToBytes());
        Assert.Equal(layout, file.Layout);
        Assert.Equal(300, file.Decode().Values.Length);
    }

    [Theory]
    [InlineData(17)]
    [InlineData(64)]
    [InlineData(255)]
    public void A_tensor_of_many_dimensions_is_written_and_read(int dimensions)
    {
        var layout = ModelLayout.Of([("w", [.. Enumerable.Repeat(1, dimensions - 2), 20, 30], TensorRole.Weight)]);
        foreach (string line in new[] { "rans", "lowrank | deadzone(abs=0.1) | range", "uniform(8, channel) | zstd" })
            Assert.Equal(layout, PlumeFile.Read(Some.PlumeFile(line, layout).ToBytes()).Layout);
    }

    [Fact]
    public void What_no_layout_holds_is_refused_in_words()
    {
        Assert.Contains("at most 255 dimensions; tensor 'w' has 300", Refusal([.. Enumerable.Repeat(1, 300)]));
        Assert.Contains("at most 2147483647 values; tensor 'w' goes beyond", Refusal([int.MaxValue, int.MaxValue]));
        Assert.Contains("at most 2147483647 values; tensor 'w' goes beyond", Refusal([65_536, 65_536, 65_536, 65_536, 65_536]));
        Assert.Contains("must not be negative; tensor 'w' has -1", Refusal([3, -1, 0]));
    }

    static string Refusal(int[] shape) =>
        Assert.Throws<ArgumentException>(() => ModelLayout.Of([("w", shape, TensorRole.Weight)])).Message;
}

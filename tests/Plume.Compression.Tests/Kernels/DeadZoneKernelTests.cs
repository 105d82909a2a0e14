using Plume.Compression.Kernels.Levels;

namespace Plume.Compression.Tests.Kernels;

public class DeadZoneKernelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(64)]
    [InlineData(1000)]
    public void Vectors_round_as_one_value_after_another_does(int length)
    {
        float[] values = [.. Some.Normal(length, 3, 40).Select((value, i) => i % 10 == 9 ? MathF.Round(value) : value)];
        float[] offsets = [.. Enumerable.Range(0, length).Select(i => i % 33 / 64f)];
        byte[] symbols = new byte[length];
        DeadZoneKernel.ToBytes(values, 0.5f, offsets, 127, symbols);
        Assert.Equal(values.Select((value, i) => Naive(value, offsets[i])), symbols);
        DeadZoneKernel.ToBytes(values, 0.5f, 0.25f, 127, symbols);
        Assert.Equal(values.Select(value => Naive(value, 0.25)), symbols);
    }

    [Fact]
    public void The_offset_is_what_a_level_more_costs_less_than_a_half()
    {
        // Between levels 32 and 33 of an activity the mean is 1 to 1.5, and the ratio of a level's share to the next about 0.6.
        Assert.Equal(0.5 + 0.055 * Math.Log2(0.55), RoundingOffsets.ByLevel[32], 0.02);
        Assert.Equal(0, RoundingOffsets.ByLevel[0]);
        Assert.Equal(0.5f, RoundingOffsets.ByLevel[^1]);
        for (int level = 1; level < RoundingOffsets.ByLevel.Length; level++)
            Assert.True(RoundingOffsets.ByLevel[level] >= RoundingOffsets.ByLevel[level - 1]);
    }

    static byte Naive(float value, double offset)
    {
        int magnitude = (int)Math.Min(127, Math.Floor(Math.Abs(value) / 0.5 + offset));
        return (byte)(127 + (value < 0 ? -magnitude : magnitude));
    }
}

using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Methods;
using Plume.Federation.Models;
using Plume.Federation.Rounds;

namespace Plume.Federation.Tests.Models;

public class UpdateSpreadTests
{
    const int Values = 20_000;

    [Theory]
    [InlineData(10, 0.02, 0.05)]
    [InlineData(3, 0, 0.05)]
    [InlineData(100, 0.02, 0.03)]
    public void It_is_the_deviation_of_what_updates_do_not_have_in_common(int updates, double common, double apart)
    {
        var key = RandomKey.FromSeed((ulong)updates);
        float[][] each = [.. Enumerable.Range(0, updates).Select(update => Drawn(key.Fold((ulong)update), apart))];
        float[] shared = Drawn(key.Fold("common"), common), mean = new float[Values];
        foreach (float[] update in each)
        {
            for (int i = 0; i < Values; i++)
                mean[i] += (update[i] += shared[i]) / updates;
        }

        double norm = NormBound.LowerMedian(each.Select(update => Math.Sqrt(Squares.Of(update))));
        Assert.InRange(UpdateSpread.Of(norm, mean, Weights(Values), updates)!.Value, 0.97 * apart, 1.03 * apart);
    }

    [Fact]
    public void What_steps_follow_goes_a_quarter_of_the_way_to_what_was_seen_last()
    {
        double? spread = null;
        foreach (var (seen, expected) in new (double?, double?)[] { (null, null), (4, 4), (64, 8), (null, 8), (0.5, 4) })
            Assert.Equal(expected, spread = UpdateSpread.After(spread, seen));
    }

    [Fact]
    public void Of_updates_that_agree_half_of_their_energy_counts_and_of_none_nothing()
    {
        float[] one = [3, 4];
        Assert.Equal(Math.Sqrt(25 / 2.0 / 2), UpdateSpread.Of(5, one, Weights(2), 4)!.Value, 12);
        Assert.Equal(Math.Sqrt(25 / 2.0), UpdateSpread.Of(5, one, Weights(2), 1)!.Value, 12);
        Assert.Null(UpdateSpread.Of(0, [0, 0], Weights(2), 4));
        Assert.Null(UpdateSpread.Of(5, [], Weights(0), 4));
        Assert.Null(UpdateSpread.Of(double.PositiveInfinity, one, Weights(2), 4));
    }

    [Theory]
    [InlineData(10, 10)]
    [InlineData(1, 0)]
    [InlineData(10, 0.001)]
    public void Statistics_are_no_part_of_it_however_far_they_move(int updates, double moved)
    {
        const int statistics = 40;
        var layout = ModelLayout.Of([("mean", [statistics], TensorRole.Statistic), ("w", [Values], TensorRole.Weight)]);
        float[] trained = Drawn(RandomKey.FromSeed(3), 0.01),
            mean = [.. Enumerable.Repeat((float)moved, statistics), .. trained];
        // As of updates that have three tenths in common, the rest a deviation of the mean's times sqrt(0.7 / (0.3 + 0.7 / n)).
        double energy = Squares.Of(trained) / (0.3 + 0.7 / updates),
            expected = 0.01 * (updates == 1 ? 1 : Math.Sqrt(0.7 / (0.3 + 0.7 / updates)));
        Assert.InRange(UpdateSpread.Of(Math.Sqrt(energy + 2 * statistics * moved * moved), mean, layout, updates)!.Value,
            0.97 * expected, 1.03 * expected);
    }

    static ModelLayout Weights(int values) => ModelLayout.Of([("w", [values], TensorRole.Weight)]);

    // Uniform, of that standard deviation.
    static float[] Drawn(RandomKey key, double deviation) =>
        [.. Enumerable.Range(0, Values).Select(i => (float)(deviation * Math.Sqrt(12) * (key.Uniform((ulong)i) - 0.5)))];
}

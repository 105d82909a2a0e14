using CsCheck;
using Plume.Compression.Aggregation;

namespace Plume.Compression.Tests.Aggregation;

public class ExactSumTests
{
    [Fact]
    public void The_order_of_arrival_does_not_change_a_bit() =>
        Gen.Select(Gen.Float[-100, 100].Array[7].Array[2, 12], Gen.Int[0, 1_000_000]).Sample((updates, seed) =>
        {
            ExactSum forward = new(7, updates.Length), shuffled = new(7, updates.Length);
            int[] order = [.. Enumerable.Range(0, updates.Length)];
            new Plume.Compression.Randomness.RandomDraws(Some.Key((ulong)seed)).Shuffle(order.AsSpan());
            for (int i = 0; i < updates.Length; i++)
            {
                forward.Add(0, updates[i], 1.0 / (i + 1));
                shuffled.Add(0, updates[order[i]], 1.0 / (order[i] + 1));
            }

            return forward.Values.SequenceEqual(shuffled.Values);
        });

    [Fact]
    public void Shards_that_meet_give_the_sum_of_one()
    {
        ExactSum whole = new(100, 4), left = new(100, 4), right = new(100, 4);
        for (ulong client = 0; client < 4; client++)
        {
            float[] update = Some.Normal(100, client);
            whole.Add(0, update, 0.25);
            (client % 2 == 0 ? left : right).Add(0, update, 0.25);
        }

        left.Add(right);
        Assert.Equal(whole.Values.ToArray(), left.Values.ToArray());
    }

    [Fact]
    public void A_weighted_mean_is_that_of_decimal_arithmetic()
    {
        float[][] updates = [Some.Normal(50, 1), Some.Normal(50, 2), Some.Normal(50, 3)];
        double[] weights = [0.5, 0.125, 1];
        var sum = new ExactSum(50, 3);
        for (int i = 0; i < updates.Length; i++)
            sum.Add(0, updates[i], weights[i]);
        var mean = new float[50];
        sum.DivideInto(weights.Sum(), mean);
        for (int i = 0; i < mean.Length; i++)
        {
            decimal exact = updates.Select((update, k) => (decimal)(double)update[i] * (decimal)weights[k])
                .Sum() / (decimal)weights.Sum();
            Assert.Equal((double)exact, mean[i], 1e-7);
        }
    }

    [Fact]
    public void Each_term_is_rounded_by_half_a_resolution_at_most()
    {
        var sum = new ExactSum(1000, 1);
        float[] values = Some.Laplace(1000);
        sum.Add(0, values, 1.0 / 3);
        for (int i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(sum.Values[i] * sum.Resolution - values[i] / 3.0) <= sum.Resolution / 2 + Math.Abs(values[i])
                * Math.ScaleB(1, -52));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(-1025f)]
    public void A_term_that_is_not_finite_or_too_large_is_refused_and_nothing_is_added(float bad)
    {
        var sum = new ExactSum(5, 2);
        Assert.Throws<ArgumentException>(() => sum.Add(0, [1, 2, bad, 4, 5], 1));
        Assert.DoesNotContain(sum.Values.ToArray(), value => value != 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void As_many_of_the_largest_terms_as_were_announced_do_not_overflow(int contributors)
    {
        var sum = new ExactSum(1, contributors);
        for (int i = 0; i < contributors; i++)
            sum.Add(0, [(float)ExactSum.DefaultLimit], 1);
        Assert.Equal(contributors * ExactSum.DefaultLimit, sum.Values[0] * sum.Resolution);
    }

    [Fact]
    public void Numbers_that_leave_too_few_fraction_bits_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExactSum(1, 1 << 30, 1 << 20));
}

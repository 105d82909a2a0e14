using System.Security.Cryptography;
using Plume.Federation.Privacy;
using Plume.Federation.Privacy.Draws;

namespace Plume.Federation.Tests.Privacy;

/// <summary>Noise on whole numbers: what is drawn, and what it is worth.</summary>
public class SkellamTests
{
    const double Delta = 1e-5;

    // Rows of a port of the authors' formulas with the conversion that this accountant has. Their norms are inflated by what
    // rounding adds.
    [Theory]
    [InlineData(1024 * 1024.0, 1032.5269972557383, 65536, 1, 4.794540)]
    [InlineData(.8 * .8 * 256 * 256, 258.549801779077, 4096, 10, 26.064862)]
    [InlineData(64 * 64.0, 516.5423506354537, 1 << 20, 1, 75.30)]
    public void Rows_that_others_worked_out_come_out(double variance, double norm, int values, int releases, double epsilon)
    {
        double squares = norm * norm, magnitudes = Math.Min(squares, Math.Sqrt(values) * norm);
        double found = RenyiPrivacy.Epsilon(Delta, order => releases * RenyiPrivacy.Skellam(variance, squares, magnitudes, order),
            RenyiPrivacy.WholeOrders).Epsilon;
        Assert.Equal(epsilon, found, epsilon > 50 ? 0.01 : 1e-6 * epsilon);
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(.5, 64)]
    [InlineData(2, 64)]
    [InlineData(1, 500)]
    [InlineData(.7, 32)]
    public void The_privacy_of_an_order_is_at_least_what_the_chances_themselves_come_to(double noise, int norm)
    {
        double variance = noise * noise * norm * norm;
        double[] chances = Exact(variance);
        double squares = (double)norm * norm;
        foreach (int order in (int[])[2, 3, 5, 9, 17])
        {
            double bound = RenyiPrivacy.Skellam(variance, squares, squares, order);
            // All in one number, and spread over as many as there can be.
            double inOne = Renyi(chances, norm, order), spread = squares * Renyi(chances, 1, order);
            Assert.InRange(Math.Max(inOne, spread), 0.93 * bound, bound * (1 + 1e-9));
            Assert.InRange(Math.Min(inOne, spread), 0, bound * (1 + 1e-9));
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(.5, 2)]
    [InlineData(4, 2)]
    public void A_budget_is_never_less_than_the_exact_loss_of_whole_numbers_says(double noise, int releases)
    {
        const int norm = ClientNoise.LeastNorm;
        double epsilon = new ClientNoise().Epsilon(noise, releases, Delta);
        double[] chances = Exact(noise * noise * norm * norm);
        double exact = DeltaOf(chances, norm, releases, epsilon);
        Assert.InRange(exact, 0, Delta);
        // Not idle either: a hundredth less would break the promise.
        Assert.True(DeltaOf(chances, norm, releases, epsilon * 0.99) > Delta);
        Assert.InRange(epsilon, new NoSampling().Epsilon(noise, releases, Delta),
            1.0005 * new NoSampling().Epsilon(noise, releases, Delta));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5.5)]
    [InlineData(8)]
    [InlineData(17)]
    [InlineData(64)]
    [InlineData(1024)]
    [InlineData(4096)]
    [InlineData(65_536)]
    public void No_number_that_can_be_drawn_is_a_better_test_of_one_step_than_the_account_says(double variance)
    {
        double[] chances = Exact(variance);
        int middle = chances.Length / 2;
        double least = Math.ScaleB(1, -127), most = GaussianPrivacy.MuOfSkellam(variance);
        double[] tails = new double[chances.Length + 1];
        for (int k = chances.Length - 1; k >= middle; k--)
            tails[k] = tails[k + 1] + chances[k];
        // That k is reached, by noise and by a step and noise; below the middle all is the mirror of above.
        double before = Quantile(tails[middle + 1]), overZero = 2 * before;
        Assert.InRange(overZero, (1 + 0.16 / variance) / Math.Sqrt(variance), most);
        for (int k = middle + 2; k < chances.Length && tails[k] > least; k++)
        {
            double here = Quantile(tails[k]);
            Assert.InRange(here - before, 0, most);
            before = here;
        }

        // As far out as anything is drawn.
        Assert.True(before > 12.5);
    }

    [Fact]
    public void The_account_of_one_clients_noise_meets_that_of_the_server_where_there_is_much_of_it()
    {
        foreach (var (noise, releases) in ((double, int)[])[(1, 30), (2, 30), (4, 30), (8, 30), (1000, 1)])
            Assert.InRange(
                new ClientNoise().Epsilon(noise, releases, Delta) / new NoSampling().Epsilon(noise, releases, Delta), 1, 1.0001);
        // Of less noise than it knows, the Rényi account; more noise is never worth less on the way there.
        double[] epsilons = [.. Enumerable.Range(1, 60).Select(step => new ClientNoise().Epsilon(step / 1000.0, 1, Delta))];
        Assert.Equal(epsilons.OrderDescending(), epsilons);
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(1)]
    [InlineData(37.5)]
    [InlineData(4096)]
    [InlineData(1e5)]
    public void The_table_has_the_chances_of_the_difference_of_two_Poisson_variables(double variance)
    {
        double[] exact = Exact(variance);
        int half = exact.Length / 2;
        var table = new SkellamChances(variance);
        // Where the table goes from one magnitude to the next is the sum of the chances up to there.
        double sum = 0, whole = Math.ScaleB(1, 127);
        for (int magnitude = 0; magnitude < Math.Min(half, 4 * Math.Sqrt(variance) + 2); magnitude++)
        {
            sum += magnitude == 0 ? exact[half] : 2 * exact[half + magnitude];
            if (1 - sum < 1e-9)
                break;
            Assert.Equal(magnitude, table.MagnitudeAt((UInt128)((sum - 1e-10) * whole)));
            Assert.Equal(magnitude + 1, table.MagnitudeAt((UInt128)((sum + 1e-10) * whole)));
        }

        Assert.Equal(0, table.MagnitudeAt(0));
        Assert.Equal(-1, table.MagnitudeAt(UInt128.MaxValue >> 1));
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(900)]
    [InlineData(5e7)]
    public void Noise_has_its_variance_and_its_shape(double variance)
    {
        const int count = 100_000;
        var words = new uint[count];
        new SkellamNoise(variance).AddTo(words, SHA256.HashData([1]));
        double[] values = [.. words.Select(word => (double)(int)word)];
        double found = values.Average(value => value * value), fourth = values.Average(value => value * value * value * value);
        // Excess of its fourth moment: 1 / variance. Five deviations of each estimate.
        double excess = 1 / variance;
        Assert.Equal(0, values.Average(), 5 * Math.Sqrt(variance / count));
        Assert.Equal(variance, found, 5 * variance * Math.Sqrt((2 + excess) / count));
        Assert.Equal(3 + excess, fourth / (variance * variance), 0.15 + 0.2 * excess);
        var again = new uint[count];
        new SkellamNoise(variance).AddTo(again, SHA256.HashData([1]));
        Assert.Equal(words, again);
        new SkellamNoise(variance).AddTo(again, SHA256.HashData([2]));
        Assert.NotEqual(words.Select(word => 2 * word), again);
    }

    // How many deviations out a normal value is with such a chance, below a half.
    static double Quantile(double chance)
    {
        double x = 0;
        for (int step = 0; step < 100; step++)
        {
            double above = Normal.ScaledAbove(x), error = Math.Log(above) - x * x / 2 - Math.Log(chance);
            x += error * above * Math.Sqrt(2 * Math.PI);
            if (Math.Abs(error) < 1e-14)
                break;
        }

        return x;
    }

    // By the sum of products of Poisson chances, from minus to plus what matters.
    static double[] Exact(double variance)
    {
        double mean = variance / 2;
        int reach = (int)(40 + 15 * Math.Sqrt(variance)), most = (int)(mean + 60 + 14 * Math.Sqrt(mean)) + reach;
        int middle = (int)mean, first = Math.Max(0, (int)(mean - 60 - 14 * Math.Sqrt(mean)));
        double[] poisson = new double[most + 1];
        poisson[middle] = 1;
        for (int k = middle; k < most; k++)
            poisson[k + 1] = poisson[k] * mean / (k + 1);
        for (int k = middle; k > first; k--)
            poisson[k - 1] = poisson[k] * k / mean;
        double all = poisson.Sum();
        for (int k = 0; k <= most; k++)
            poisson[k] /= all;
        double[] chances = new double[2 * reach + 1];
        for (int k = 0; k <= reach; k++)
        {
            double sum = 0;
            for (int j = first; j + k <= most; j++)
                sum += poisson[j] * poisson[j + k];
            chances[reach + k] = chances[reach - k] = sum;
        }

        return chances;
    }

    static double Renyi(double[] chances, int moved, int order)
    {
        double sum = 0;
        for (int k = moved; k < chances.Length; k++)
        {
            if (chances[k] > 0 && chances[k - moved] > 0)
                sum += chances[k] * Math.Exp((order - 1) * Math.Log(chances[k] / chances[k - moved]));
        }

        return Math.Log(sum) / (order - 1);
    }

    // Of one or two releases of one number: all that is seen, one by one.
    static double DeltaOf(double[] chances, int moved, int releases, double epsilon)
    {
        var losses = new List<(double Chance, double Loss)>();
        double delta = 0;
        for (int k = 0; k < chances.Length; k++)
        {
            if (k >= moved && chances[k - moved] > 1e-280)
                losses.Add((chances[k], Math.Log(chances[k] / chances[k - moved])));
            else
                delta += releases * chances[k];
        }

        foreach (var (chance, loss) in losses.Where(entry => entry.Chance > 1e-18))
        {
            if (releases == 1)
                delta += chance * Math.Max(0, 1 - Math.Exp(epsilon - loss));
            else
                foreach (var (other, more) in losses)
                    delta += loss + more > epsilon ? chance * other * (1 - Math.Exp(epsilon - loss - more)) : 0;
        }

        return delta;
    }
}

using Plume.Federation.Privacy;

namespace Plume.Federation.Tests.Privacy;

// Values worked out with 40 digits (Rényi, whole orders) and by extrapolated grids (loss distributions).
public class AccountantOracles
{
    [Theory]
    [InlineData(.1, 1, 30, 1e-3, 3.31298310897, 4, 2.57290638, 1.31341511)]
    [InlineData(.1, 2, 30, 1e-3, .952872254803, 9, .79066840, .61276125)]
    [InlineData(100 / 3400.0, 1, 1500, 1e-4, 7.25197003886, 3, 6.47111372, 5.30629251)]
    [InlineData(100 / 342477.0, 1, 1600, 1e-6, .677502885044, 16, .06011689, .04881566)]
    [InlineData(.5, 4, 50, 1e-5, 4.32285311264, 6, 3.96143180, 3.63400773)]
    [InlineData(.02, .8, 2000, 1e-5, 10.0827553976, 3, 9.14273315, 6.60910966)]
    [InlineData(.05, 1.5, 100, 1e-5, 1.87916847732, 9, 1.67164080, 1.20631022)]
    [InlineData(1, 8, 100, 1e-6, 6.73462461007, 5, 6.31206019, 6.31206019)]
    [InlineData(.005, .7, 5000, 1e-6, 6.10522709682, 4, 5.38929778, 3.56304448)]
    [InlineData(.2, 3, 200, 1e-5, 4.74177549489, 5, 4.35524450, 3.95744613)]
    [InlineData(256 / 60000.0, 1.1, 14062, 1e-5, 2.59698117859, 8, 2.38159692, 2.24355937)]
    [InlineData(.001, .6, 1000, 1e-6, 3.18722052595, 5, 2.10666403, .30948320)]
    [InlineData(.001, .8, 10000, 1e-6, 1.72012289, 8, .94719565, .742704)]
    [InlineData(.04, 1.5, 2250, 1e-5, 7.32987677383, 4, 6.76878039, 6.17855264)]
    [InlineData(.25, 1, 10, 1e-5, 6.96009995419, 3, 5.97372924, 2.05317628)]
    [InlineData(.01, 1, 1000, 1e-5, 2.10775307545, 8, 1.82823667, 1.41666195)]
    public void Sampled_releases_give_away_what_the_reference_says(double rate, double noise, int releases, double delta,
        double renyi, double order, double removed, double added)
    {
        var (epsilon, best) = RenyiPrivacy.Epsilon(delta, at => releases * RenyiPrivacy.Poisson(rate, noise, at),
            RenyiPrivacy.WholeOrders);
        Assert.Equal(renyi, epsilon, 1e-6);
        Assert.Equal(order, best);
        var exact = LossDistribution.Epsilon(rate, noise, releases, delta);
        Assert.InRange(exact.Removed, removed - 1e-8, removed + 1e-3);
        Assert.InRange(exact.Added, added - 1e-6, added + 1e-3);
    }

    [Theory]
    [InlineData(1, 1, 1, 1e-5, 4.75272833682, 5)]
    [InlineData(.01, 1.1, 10000, 1e-5, 5.65430800015, 5)]
    [InlineData(.1, 1, 100, 1e-5, 7.97292151038, 3)]
    [InlineData(.1, 2, 200, 1e-5, 3.67974584558, 6)]
    [InlineData(.02, 1.5, 500, 1e-5, 1.51399210344, 12)]
    [InlineData(.0025, 1.3, 6000, 1e-5, .724223402611, 19)]
    [InlineData(.001, 1, 30000, 1e-7, 1.41549884954, 13)]
    [InlineData(.5, 3, 50, 1e-6, 6.78280193397, 5)]
    public void Renyi_privacy_of_whole_orders_is_exact(double rate, double noise, int releases, double delta, double epsilon,
        double order)
    {
        var found = RenyiPrivacy.Epsilon(delta, at => releases * RenyiPrivacy.Poisson(rate, noise, at), RenyiPrivacy.WholeOrders);
        Assert.Equal(epsilon, found.Epsilon, 1e-9 * Math.Max(1, epsilon));
        Assert.Equal(order, found.Order);
    }

    [Theory]
    [InlineData(.01, 1, 2, 1.718134220745e-4)]
    [InlineData(.01, 1, 32, 11.24627593705)]
    [InlineData(.1, 2, 8, 1.372543010322e-2)]
    [InlineData(.5, 3, 32, 1.096740110474)]
    [InlineData(.01, 2.5, 1.5, 6.5007e-4 / 50)]
    [InlineData(.01, 2.5, 2.5, 1.08548710e-3 / 50)]
    public void A_release_has_the_Renyi_privacy_of_the_reference(double rate, double noise, double order, double expected) =>
        Assert.Equal(1, RenyiPrivacy.Poisson(rate, noise, order) / expected, order == Math.Floor(order) ? 1e-11 : 1e-4);

    [Fact]
    public void Orders_between_whole_ones_are_those_of_the_integral() =>
        Assert.Equal(7.32911117, RenyiPrivacy.Epsilon(1e-5, at => 2250 * RenyiPrivacy.Poisson(.04, 1.5, at), [3.9]).Epsilon,
            1e-8);

    [Theory]
    [InlineData(2.0000001, 2)]
    [InlineData(4.9999999, 5)]
    [InlineData(10.0000001, 10)]
    public void Integral_and_sum_agree_where_they_meet(double beside, double whole) =>
        Assert.Equal(1, RenyiPrivacy.Poisson(.05, 1.2, beside) / RenyiPrivacy.Poisson(.05, 1.2, whole), 1e-6);

    [Theory]
    [InlineData(1000, 100, 200, 7.951261)]
    [InlineData(1000, 10, 1000, 1.445298)]
    public void Draws_of_a_fixed_number_are_bounded_as_the_reference_does(int clients, int participants, int releases,
        double epsilon)
    {
        // The reference gives the noise over what a replaced client can move.
        Assert.Equal(epsilon, new FixedSizeSampling(clients, participants).Epsilon(2 * 2, releases, 1e-5), 1e-6);
    }

    [Theory]
    [InlineData(1, 1e-5, 4.377178096)]
    [InlineData(2, 1e-5, 1.993091404)]
    [InlineData(5, 1e-6, .834117549)]
    [InlineData(4.530877117, 1e-6, .927392)]
    public void One_release_is_the_analytic_Gaussian(double noise, double delta, double epsilon)
    {
        double found = new NoSampling().Epsilon(noise, 1, delta);
        Assert.Equal(epsilon, found, 1e-6);
        Assert.Equal(found, GaussianPrivacy.Epsilon(1 / noise, delta));
    }

    [Theory]
    [InlineData(1, 1, .126936737507)]
    [InlineData(2, .5, .0524403232877)]
    [InlineData(5, .3, .0067853526842)]
    public void Delta_is_the_analytic_Gaussians(double noise, double epsilon, double delta) =>
        Assert.Equal(delta, GaussianPrivacy.Delta(1 / noise, epsilon), 1e-12);

    [Theory]
    [InlineData(1, 1e-5, 3.730631635)]
    [InlineData(1, 1e-6, 4.224678889)]
    [InlineData(8, 1e-5, .600229072)]
    [InlineData(.1, 1e-5, 30.749566132)]
    [InlineData(1, .78760074, 1 / 3.0)]
    public void Noise_is_found_for_a_budget(double epsilon, double delta, double noise)
    {
        Assert.Equal(1, new NoSampling().NoiseFor(epsilon, 1, delta)!.Value / noise, 1e-5);
        Assert.Equal(noise, 1 / GaussianPrivacy.Mu(epsilon, delta), 1e-7 * noise);
    }

    [Fact]
    public void Noise_is_found_for_a_budget_of_sampled_releases() =>
        Assert.InRange(new PoissonSampling(.01).NoiseFor(1, 1, 1e-5)!.Value, .67379294682 - 1e-6, .67379294682 + 1e-3);

    // Google's language models, as published: multiplier, participations of a client, zero-concentrated privacy.
    [Theory]
    [InlineData(.15, 3.415701907, 3.573775, 3.866922)]
    [InlineData(.0144, .995619936, null, null)]
    [InlineData(.5, 6.547924067, null, null)]
    public void Concentrated_privacy_has_the_published_epsilon(double rho, double exact, double? renyi, double? naive)
    {
        Assert.Equal(exact, GaussianPrivacy.Epsilon(GaussianPrivacy.MuOfRho(rho), 1e-10), 1e-8);
        if (renyi is { } converted)
            Assert.Equal(converted, RenyiPrivacy.Epsilon(1e-10, order => order * rho,
                [.. Enumerable.Range(1001, 60_000).Select(order => order / 1000.0)]).Epsilon, 1e-5);
        if (naive is { } loose)
            Assert.Equal(loose, rho + 2 * Math.Sqrt(rho * Math.Log(1e10)), 1e-6);
    }

    [Fact]
    public void More_noise_fewer_releases_and_smaller_shares_give_away_less()
    {
        Sampling[] samplings = [new NoSampling(), new PoissonSampling(.1), new FixedSizeSampling(100, 10)];
        foreach (var sampling in samplings)
        {
            double epsilon = sampling.Epsilon(2, 20, 1e-5);
            Assert.True(sampling.Epsilon(2.1, 20, 1e-5) < epsilon);
            Assert.True(sampling.Epsilon(2, 19, 1e-5) < epsilon);
            Assert.Equal(20, sampling.ReleasesFor(epsilon, 2, 1e-5));
            Assert.Equal(0, sampling.Epsilon(2, 0, 1e-5));
        }

        Assert.True(new PoissonSampling(.1).Epsilon(2, 20, 1e-5) < new NoSampling().Epsilon(2, 20, 1e-5));
        Assert.Equal(new PoissonSampling(1).Epsilon(2, 20, 1e-5), new NoSampling().Epsilon(2, 20, 1e-5), 1e-3);
    }

    [Fact]
    public void Three_releases_are_one_of_a_third_of_the_variance() =>
        Assert.InRange(new PoissonSampling(.2).Epsilon(.5, 3, .15594), 1 - 1e-3, 1 + 1e-3);
}

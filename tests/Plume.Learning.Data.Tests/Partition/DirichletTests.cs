using Plume.Learning.Data;
using Plume.Learning.Data.Tests;

namespace Plume.Learning.Partition.Tests;

public sealed class DirichletTests
{
    const int Clients = 50, Classes = 10, Each = 1_000;

    static readonly LabeledSet Set = Some.Even(Each, Classes);

    // For each class the share of its samples that each client has.
    static double[][] Shares(double alpha, ulong seed)
    {
        double[][] shares = [.. Enumerable.Range(0, Classes).Select(_ => new double[Clients])];
        var clients = new Dirichlet(alpha).Deal(Set, Clients, Some.Key(seed)).Clients;
        for (int client = 0; client < Clients; client++)
        {
            foreach (int sample in clients[client])
                shares[Set.Labels[sample]][client] += 1.0 / Each;
        }

        return shares;
    }

    // Mean square of a share, over classes, clients and seeds.
    static double MeanSquare(double alpha) =>
        Enumerable.Range(1, 10).SelectMany(seed => Shares(alpha, (ulong)seed)).SelectMany(share => share)
            .Average(share => share * share);

    [Fact]
    public void Label_skew_grows_as_alpha_falls()
    {
        double[] squares = [.. new[] { 100, 10, 1, 0.3, 0.1, 0.01 }.Select(MeanSquare)];
        Assert.Equal(squares.Order(), squares);
        Assert.Equal(squares.Distinct().Count(), squares.Length);
    }

    // The second moment of a share of Dirichlet(alpha, ..., alpha) over K clients is (alpha + 1) / (K (K alpha + 1)).
    // 5,000 shares each have a relative deviation of a few; the tolerance is four standard errors of a gamma's square.
    [Theory]
    [InlineData(0.1)]
    [InlineData(0.3)]
    [InlineData(1)]
    [InlineData(5)]
    public void Shares_have_the_moment_of_the_distribution(double alpha)
    {
        double expected = (alpha + 1) / (Clients * (Clients * alpha + 1));
        double fourth = (alpha + 1) * (alpha + 2) * (alpha + 3) / (alpha * alpha * alpha), second = (alpha + 1) / alpha;
        double relative = 4 * Math.Sqrt((fourth / (second * second) - 1) / (10 * Classes * Clients));
        // Whole samples add a variance of at most a quarter, in units of a sample.
        Assert.InRange(MeanSquare(alpha), expected * (1 - relative), expected * (1 + relative) + 0.25 / Each / Each);
    }

    [Fact]
    public void A_large_alpha_is_nearly_even() =>
        Assert.All(Shares(1_000_000, 1), share => Assert.All(share, part => Assert.Equal(1.0 / Clients, part, 0.002)));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e7)]
    public void An_alpha_out_of_range_is_refused(double alpha) => Assert.StartsWith(
        "Alpha must be above 0 and at most 1000000.",
        Assert.Throws<ArgumentOutOfRangeException>(() => new Dirichlet(alpha)).Message, StringComparison.Ordinal);
}

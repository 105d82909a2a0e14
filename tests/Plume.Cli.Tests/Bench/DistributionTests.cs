using Plume.Cli.Bench;
using Plume.Compression.Randomness;

namespace Plume.Cli.Tests.Bench;

public class DistributionTests
{
    static readonly RandomKey Key = RandomKey.FromSeed(1);

    [Theory]
    [InlineData("normal(10M)", 10_000_000)]
    [InlineData(" laplace ( 1.5k ) ", 1500)]
    [InlineData("sparse(64, 0%)", 64)]
    [InlineData("normal(1G)", 1_000_000_000)]
    public void A_distribution_has_the_number_of_values_that_it_says(string text, int count) =>
        Assert.Equal(count, Distribution.Parse(text).Count);

    [Theory]
    [InlineData("norml(10M)", 1, "'norml' is not a distribution; did you mean 'normal'?")]
    [InlineData("normal(0)", 8, "'0' must be a whole number of values from 1 to 1G.")]
    [InlineData("normal(1000000000000)", 8, "'1000000000000' must be a whole number of values from 1 to 1G.")]
    [InlineData("normal(2G)", 8, "'2G' must be a whole number of values from 1 to 1G.")]
    [InlineData("normal(0.5)", 8, "'0.5' must be a whole number of values from 1 to 1G.")]
    [InlineData("normal(10^12)", 8, "'10^12' must be a number of values, such as 500000, 500k or 10M.")]
    [InlineData("normal(-5)", 8, "'-5' must be a number of values, such as 500000, 500k or 10M.")]
    [InlineData("laplace()", 9, "'' must be a number of values, such as 500000, 500k or 10M.")]
    [InlineData("normal(1M, 5%)", 1, "'normal' takes the number of values alone, such as normal(1M).")]
    [InlineData("sparse(1M)", 1, "'sparse' takes the number of values and the share of zeros, such as sparse(1M, 95%).")]
    [InlineData("sparse(1M, 95)", 12, "'95' must be the share of zeros from 0% to 100%, such as 95%.")]
    [InlineData("sparse(1M, 101%)", 12, "'101%' must be the share of zeros from 0% to 100%, such as 95%.")]
    [InlineData("sparse(1M, NaN%)", 12, "'NaN%' must be the share of zeros from 0% to 100%, such as 95%.")]
    [InlineData("normal(1M)(2M)", 1, "it must be a word and its arguments, such as normal(10M).")]
    public void A_mistake_is_named_with_its_column(string text, int column, string problem)
    {
        Assert.True(Distribution.IsMeant(text));
        Assert.Equal($"Distribution '{text}', column {column}: {problem}",
            Assert.Throws<FormatException>(() => Distribution.Parse(text)).Message);
    }

    [Theory]
    [InlineData("normal(200k)", 0, 3)]
    [InlineData("laplace(200k)", 0, 6)]
    [InlineData("sparse(200k, 95%)", 0.95, 6)]
    public void What_is_not_zero_has_mean_0_variance_1_and_the_kurtosis_of_its_law(string text, double zeros, double kurtosis)
    {
        float[] values = Distribution.Parse(text).Draw(Key);
        double[] drawn = [.. values.Where(value => value != 0).Select(value => (double)value)];
        Assert.Equal(zeros, 1 - (double)drawn.Length / values.Length, 0.003);
        Assert.Equal(0, drawn.Average(), 0.03);
        Assert.Equal(1, drawn.Average(value => value * value), 0.06);
        Assert.Equal(kurtosis, drawn.Average(value => Math.Pow(value, 4)), 0.15 * kurtosis);
    }

    [Fact]
    public void The_same_key_draws_the_same_values()
    {
        var distribution = Distribution.Parse("laplace(1k)");
        Assert.Equal(distribution.Draw(Key), distribution.Draw(Key));
        Assert.NotEqual(distribution.Draw(Key), distribution.Draw(RandomKey.FromSeed(2)));
    }

    [Theory]
    [InlineData("model(1).onnx")]
    [InlineData("normal")]
    [InlineData("folder")]
    public void A_name_without_arguments_is_no_distribution(string name) => Assert.False(Distribution.IsMeant(name));
}

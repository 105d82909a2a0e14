using Plume.Federation.Privacy.Matrix;

namespace Plume.Federation.Tests.Privacy;

public class MatrixOracles
{
    [Fact]
    public void The_square_root_of_sums_and_its_inverse_have_the_known_bands()
    {
        var root = ToeplitzFactor.SquareRoot(5);
        Assert.Equal([1, .5, .375, .3125, .2734375], root.Coefficients);
        Assert.Equal([1, -.5, -.125, -.0625, -.0390625], root.Inverse());
        double[,] dense = Dense(root);
        for (int row = 0; row < 5; row++)
        {
            for (int column = 0; column < 5; column++)
                Assert.Equal(column <= row ? 1 : 0, Enumerable.Range(0, 5).Sum(k => dense[row, k] * dense[k, column]), 1e-12);
        }
    }

    [Theory]
    [InlineData(4, 1.488281250, 1.381417298)]
    [InlineData(8, 1.718379259, 1.585857498)]
    [InlineData(16, 1.943878847, 1.796814440)]
    [InlineData(128, 2.610103865, 2.448825713)]
    [InlineData(1000, 3.265003081, 3.102239064)]
    public void Sums_of_rounds_have_the_noise_of_the_reference(int rounds, double most, double mean)
    {
        var root = ToeplitzFactor.SquareRoot(rounds);
        Assert.Equal(most, root.MostError, 1e-9);
        Assert.Equal(mean, root.MeanError, 1e-9);
        var independent = new ToeplitzFactor([1], rounds);
        Assert.Equal(Math.Sqrt(rounds), independent.MostError, 1e-9);
        Assert.Equal(Math.Sqrt((rounds + 1) / 2.0), independent.MeanError, 1e-9);
    }

    // What is cut off leaves the inverse with too much of it, the more so the more rounds there are for few bands.
    [Theory]
    [InlineData(16, 2, 3.073180566, 3.025105)]
    [InlineData(16, 4, 2.469266886, 2.436582)]
    [InlineData(16, 8, 2.121980805, 2.113214)]
    [InlineData(1000, 16, 9.967719, 8.533551)]
    public void Bands_that_are_searched_for_leave_less_noise_than_those_of_the_square_root(int rounds, int bands, double cut,
        double searched)
    {
        var root = ToeplitzFactor.SquareRoot(rounds);
        Assert.Equal(cut, new ToeplitzFactor([.. root.Coefficients.Take(bands)], rounds).MostError, 1e-6);
        var found = ToeplitzFactor.Optimized(rounds, bands);
        Assert.Equal(searched, found.MostError, 1e-6);
        // No band is better a little larger, or a little smaller.
        for (int band = 1; band < bands; band++)
        {
            foreach (double change in (double[])[-1e-3, 1e-3])
            {
                double[] beside = [.. found.Coefficients];
                beside[band] += change;
                Assert.True(new ToeplitzFactor(beside, rounds).MostError > found.MostError);
            }
        }
    }

    [Fact]
    public void With_as_many_bands_as_rounds_nothing_is_better_than_the_square_root() =>
        Assert.Equal(ToeplitzFactor.SquareRoot(64).MostError, ToeplitzFactor.Optimized(64, 64).MostError, 1e-12);

    [Fact]
    public void Participations_that_are_apart_move_what_the_reference_says()
    {
        var root = ToeplitzFactor.SquareRoot(16);
        var banded = new ToeplitzFactor([.. root.Coefficients.Take(4)], 16);
        Assert.Equal(2.439902662, banded.Sensitivity(separation: 4, participations: 4), 1e-9);
        Assert.Equal(2.439902662, Moved(Dense(banded), [0, 4, 8, 12]), 1e-9);
        Assert.Equal(3.715220856, Moved(Dense(root), [0, 4, 8, 12]), 1e-9);
        Assert.Throws<ArgumentException>(() => root.Sensitivity(4, 4));
        // Columns of (1, 2), (1, 1), (1, 1) and -6.
        double[] squares = [5, 2, 2, 36];
        Assert.Equal(6, ToeplitzFactor.SensitivityOf(squares, bands: 2, separation: 4, participations: 1));
        Assert.Equal(Math.Sqrt(41), ToeplitzFactor.SensitivityOf(squares, 2, separation: 2, participations: 2), 1e-12);
        Assert.Equal(Math.Sqrt(41), ToeplitzFactor.SensitivityOf(squares, 2, separation: 2, participations: 4), 1e-12);
        var refused = Assert.Throws<ArgumentException>(() => ToeplitzFactor.SensitivityOf(squares, 2, 1, 2));
        Assert.Contains("let them be 2 rounds apart, or take 1 bands", refused.Message);
    }

    static double[,] Dense(ToeplitzFactor factor)
    {
        double[,] dense = new double[factor.Rounds, factor.Rounds];
        for (int row = 0; row < factor.Rounds; row++)
        {
            for (int column = Math.Max(0, row - factor.Bands + 1); column <= row; column++)
                dense[row, column] = factor.Coefficients[row - column];
        }

        return dense;
    }

    static double Moved(double[,] matrix, int[] columns) =>
        Math.Sqrt(Enumerable.Range(0, matrix.GetLength(0)).Sum(row => Math.Pow(columns.Sum(column => matrix[row, column]), 2)));
}

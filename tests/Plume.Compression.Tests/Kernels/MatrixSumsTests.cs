using Plume.Compression.Kernels;

namespace Plume.Compression.Tests.Kernels;

public class MatrixSumsTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 15, 4)]
    [InlineData(130, 33, 5)]
    [InlineData(300, 64, 11)]
    [InlineData(2, 1000, 8)]
    public void Several_vectors_have_the_bits_of_one_after_another(int rows, int columns, int count)
    {
        float[] matrix = Some.Normal(rows * columns, 3);
        double[] tall = [.. Some.Normal(rows * count, 4).Select(static value => (double)value)];
        double[] wide = [.. Some.Normal(columns * count, 5).Select(static value => (double)value)];
        var sums = new double[columns * count];
        var products = new double[rows * count];
        MatrixSums.AddProjections(matrix, rows, tall, sums);
        MatrixSums.Dot(matrix, rows, wide, products);

        var sumsOne = new double[sums.Length];
        for (int row = 0; row < rows; row++)
        {
            var source = matrix.AsSpan(row * columns, columns);
            for (int vector = 0; vector < count; vector++)
            {
                VectorSums.AddScaled(source, tall[vector * rows + row], sumsOne.AsSpan(vector * columns, columns));
                Assert.Equal(VectorSums.Dot(source, wide.AsSpan(vector * columns, columns)), products[vector * rows + row]);
            }
        }

        Assert.Equal(sumsOne, sums);
    }
}

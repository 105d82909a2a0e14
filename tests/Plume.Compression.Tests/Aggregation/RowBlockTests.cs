using Plume.Compression.Aggregation;
using Plume.Compression.Randomness;

namespace Plume.Compression.Tests.Aggregation;

public class RowBlockTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(20)]
    [InlineData(33)]
    public void Columns_are_sorted_by_vectors_and_by_their_scalar_twin_alike(int rows)
    {
        var (vectors, scalars) = (Drawn(rows, 50), Drawn(rows, 50));
        vectors.SortColumns();
        scalars.SortScalars(0);
        for (int column = 0; column < 50; column++)
        {
            float[] sorted = [.. Enumerable.Range(0, rows).Select(row => Drawn(rows, 50)[row][column]).Order()];
            Assert.Equal(sorted, Enumerable.Range(0, rows).Select(row => vectors[row][column]));
            Assert.Equal(sorted, Enumerable.Range(0, rows).Select(row => scalars[row][column]));
        }
    }

    [Fact]
    public void Products_sums_and_distances_are_what_a_loop_gives()
    {
        var block = Drawn(5, 2100);
        var products = new double[25];
        block.AddProducts(products);
        double[] factors = [0.5, -1, 0, 2, 0.25];
        var sum = new float[2100];
        block.Combine(factors, sum);
        for (int row = 0; row < 5; row++)
        {
            for (int other = 0; other < 5; other++)
                Assert.Equal(Enumerable.Range(0, 2100).Sum(column => (double)block[row][column] * block[other][column]),
                    products[row * 5 + other], 7);
            Assert.Equal(Enumerable.Range(0, 2100).Sum(column => Math.Pow(block[row][column] * 0.5 - sum[column], 2)),
                block.SquaredDistance(row, 0.5, sum), 7);
        }

        for (int column = 0; column < 2100; column++)
            Assert.Equal(Enumerable.Range(0, 5).Sum(row => factors[row] * block[row][column]), sum[column], 5);
    }

    static RowBlock Drawn(int rows, int columns)
    {
        var block = new RowBlock(rows, columns);
        var draws = new RandomDraws(RandomKey.FromSeed(7));
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in block[row])
                value = draws.NextInt(1000) / 100f - 5;
        }

        return block;
    }
}

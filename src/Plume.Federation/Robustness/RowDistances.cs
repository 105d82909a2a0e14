namespace Plume.Federation.Robustness;

/// <summary>
/// The inner products of all pairs of messages: what rules by distance need of them. A point among the messages is a sum of them
/// with factors, so distances from it follow from these products, too, and no rule walks along the messages themselves.
/// </summary>
sealed class RowDistances(double[] products, int count)
{
    /// <summary>Number of messages.</summary>
    public int Count => count;

    /// <summary>A message's Euclidean norm.</summary>
    public double Norm(int row) => Math.Sqrt(products[row * count + row]);

    /// <summary>The inner product of two messages.</summary>
    public double Inner(int row, int other) => products[row * count + other];

    /// <summary>The squared distance of two messages.</summary>
    public double Squared(int row, int other) =>
        Math.Max(0, products[row * count + row] + products[other * count + other] - 2 * products[row * count + other]);

    /// <summary>The distance of each message from the sum of all with these factors.</summary>
    public double[] From(double[] factors)
    {
        var along = new double[count];
        double square = 0;
        for (int row = 0; row < count; row++)
        {
            for (int other = 0; other < count; other++)
                along[row] += products[row * count + other] * factors[other];
            square += factors[row] * along[row];
        }

        return [.. along.Select((product, row) => Math.Sqrt(Math.Max(0, products[row * count + row] - 2 * product + square)))];
    }

    /// <summary>The other messages, nearest first; of equally near ones the earlier first.</summary>
    public IEnumerable<int> NearestTo(int row) =>
        Enumerable.Range(0, count).Where(other => other != row).OrderBy(other => Squared(row, other));

    /// <summary>The same of sums of the messages: row i of them has the factors mixing[i].</summary>
    public RowDistances Mixed(double[] mixing)
    {
        var half = Product(mixing, products);
        var mixed = new double[count * count];
        for (int row = 0; row < count; row++)
        {
            for (int other = 0; other < count; other++)
            {
                double sum = 0;
                for (int k = 0; k < count; k++)
                    sum += half[row * count + k] * mixing[other * count + k];
                mixed[row * count + other] = sum;
            }
        }

        return new RowDistances(mixed, count);
    }

    double[] Product(double[] left, double[] right)
    {
        var product = new double[count * count];
        for (int row = 0; row < count; row++)
        {
            for (int k = 0; k < count; k++)
            {
                double factor = left[row * count + k];
                if (factor == 0)
                    continue;
                for (int column = 0; column < count; column++)
                    product[row * count + column] += factor * right[k * count + column];
            }
        }

        return product;
    }
}

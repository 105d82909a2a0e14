using Plume.Compression.Aggregation;

namespace Plume.Simulation.Attacks;

/// <summary>The honest updates of a round, as hostile clients see them.</summary>
sealed class HonestUpdates
{
    readonly Lazy<(float[] Mean, float[] Deviation)> moments;
    readonly Lazy<(double MeanNorm, double MostDeviations)> sizes;
    readonly RowBlock updates;

    /// <param name="updates">One or more updates of one length, in the order of their clients.</param>
    public HonestUpdates(IReadOnlyList<float[]> updates)
    {
        this.updates = new RowBlock(updates.Count, updates[0].Length);
        for (int row = 0; row < updates.Count; row++)
            updates[row].CopyTo(this.updates[row]);
        moments = new(Moments);
        sizes = new(Sizes);
    }

    /// <summary>Their mean.</summary>
    public float[] Mean => moments.Value.Mean;

    /// <summary>Their standard deviation, of a sample.</summary>
    public float[] Deviation => moments.Value.Deviation;

    /// <summary>The mean of their norms.</summary>
    public double MeanNorm => sizes.Value.MeanNorm;

    /// <summary>
    /// How many deviations below the mean a point may be so that it is no further from any of them than the two that are furthest
    /// apart. From update i, whose difference from the mean is u, it is away by |u|^2 + 2 g u.d + g^2 |d|^2, squared.
    /// </summary>
    public double MostDeviations => sizes.Value.MostDeviations;

    /// <summary>Writes their mean less so many of their standard deviations.</summary>
    public void Below(double deviations, Span<float> point)
    {
        var (mean, deviation) = moments.Value;
        for (int i = 0; i < point.Length; i++)
            point[i] = (float)(mean[i] - deviations * deviation[i]);
    }

    (float[], float[]) Moments()
    {
        var (mean, deviation) = (new float[updates.Columns], new float[updates.Columns]);
        updates.Mean(0, updates.Rows, mean);
        for (int column = 0; column < mean.Length; column++)
        {
            double squares = 0;
            for (int row = 0; row < updates.Rows; row++)
            {
                double difference = (double)updates[row][column] - mean[column];
                squares += difference * difference;
            }

            deviation[column] = (float)Math.Sqrt(squares / Math.Max(1, updates.Rows - 1));
        }

        return (mean, deviation);
    }

    (double, double) Sizes()
    {
        int count = updates.Rows;
        var products = new double[count * count];
        updates.AddProducts(products);
        double furthest = 0, norms = 0;
        for (int row = 0; row < count; row++)
        {
            norms += Math.Sqrt(products[row * count + row]);
            for (int other = 0; other < row; other++)
                furthest = Math.Max(furthest,
                    products[row * count + row] + products[other * count + other] - 2 * products[row * count + other]);
        }

        double square = Dot(Deviation, Deviation), most = double.PositiveInfinity;
        var difference = new float[updates.Columns];
        for (int row = 0; row < count && square > 0; row++)
        {
            for (int column = 0; column < difference.Length; column++)
                difference[column] = updates[row][column] - Mean[column];
            double along = Dot(difference, Deviation), own = Dot(difference, difference);
            most = Math.Min(most, (-along + Math.Sqrt(Math.Max(0, along * along + square * (furthest - own)))) / square);
        }

        return (norms / count, double.IsFinite(most) ? most : 0);
    }

    static double Dot(float[] left, float[] right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
            sum += (double)left[i] * right[i];
        return sum;
    }
}

namespace Plume.Models.Tests;

/// <summary>Doubles with a shape, row-major.</summary>
sealed record NaiveTensor(int[] Shape, double[] Values)
{
    public double this[int n, int c, int y, int x] => Values[((n * Shape[1] + c) * Shape[2] + y) * Shape[3] + x];

    public double Padded(int n, int c, int y, int x) => y < 0 || x < 0 || y >= Shape[2] || x >= Shape[3] ? 0 : this[n, c, y, x];

    public static NaiveTensor Of(int[] shape, Func<int, int, int, int, double> value)
    {
        var values = new double[shape.Aggregate(1, (product, length) => product * length)];
        for (int index = 0; index < values.Length; index++)
        {
            int rest = index / shape[3];
            values[index] = value(rest / shape[2] / shape[1], rest / shape[2] % shape[1], rest % shape[2], index % shape[3]);
        }

        return new(shape, values);
    }
}

namespace Plume.Federation.Privacy.Matrix;

/// <summary>
/// Finds the bands of a Toeplitz matrix C with which the sum of all rounds has the least noise: those that make the square of C's
/// largest column times that of the last row of A C^-1 smallest.
/// </summary>
/// <remarks>
/// With c_0 = 1 the row is g_t = 1 - sum of c_j g_(t-j), and by its adjoint l_t = 2 g_t - sum of c_j l_(t+j) the derivative of
/// its square by c_j is minus the sum of l_t g_(t-j). From the square root's first bands on, downhill by limited-memory BFGS.
/// Time: rounds times bands, for each of some fifty steps. Only sums, products, quotients and square roots, in a fixed order: the
/// same bits everywhere. Source: Liu and Nocedal, "On the Limited Memory BFGS Method for Large Scale Optimization", 1989.
/// </remarks>
sealed class BandSearch
{
    const int MostSteps = 500;
    const int Remembered = 20;

    // A step that gains less than this share is the last.
    const double LeastGain = 1e-13;

    readonly int rounds;
    readonly double[] row, adjoint;
    readonly List<(double[] Step, double[] Change, double Product)> past = [];

    BandSearch(int rounds) => (this.rounds, row, adjoint) = (rounds, new double[rounds], new double[rounds]);

    /// <summary>The bands, the first of them 1.</summary>
    /// <param name="rounds">From 1.</param>
    /// <param name="bands">From 1 to the number of rounds.</param>
    public static double[] Least(int rounds, int bands)
    {
        double[] start = [.. ToeplitzFactor.SquareRoot(bands).Coefficients];
        return new BandSearch(rounds).Descend(start);
    }

    double[] Descend(double[] bands)
    {
        double[] slope = new double[bands.Length];
        double error = ErrorOf(bands, slope);
        for (int step = 0; step < MostSteps; step++)
        {
            double[] direction = DirectionAgainst(slope);
            double fall = Dot(direction, slope);
            if (!(fall < 0))
                break;
            // Before anything is known of the curvature, a step as long as a tenth of the diagonal.
            double length = past.Count > 0 ? 1 : Math.Min(1, 0.1 / Math.Sqrt(Dot(direction, direction)));
            double[] next = new double[bands.Length], nextSlope = new double[bands.Length];
            double nextError = double.NaN;
            for (int halvings = 0; halvings < 40; halvings++, length /= 2)
            {
                for (int j = 0; j < bands.Length; j++)
                    next[j] = bands[j] + length * direction[j];
                nextError = ErrorOf(next, nextSlope);
                if (nextError <= error + 1e-4 * length * fall)
                    break;
                nextError = double.NaN;
            }

            if (double.IsNaN(nextError))
                break;
            Remember(bands, next, slope, nextSlope);
            bool isLast = error - nextError <= LeastGain * error;
            (bands, slope, error) = (next, nextSlope, nextError);
            if (isLast)
                break;
        }

        return bands;
    }

    void Remember(double[] before, double[] after, double[] slopeBefore, double[] slopeAfter)
    {
        double[] step = new double[before.Length], change = new double[before.Length];
        for (int j = 0; j < before.Length; j++)
            (step[j], change[j]) = (after[j] - before[j], slopeAfter[j] - slopeBefore[j]);
        double product = Dot(step, change);
        if (!(product > 0))
            return;
        past.Add((step, change, product));
        if (past.Count > Remembered)
            past.RemoveAt(0);
    }

    double[] DirectionAgainst(double[] slope)
    {
        double[] direction = [.. slope.Select(value => -value)], shares = new double[past.Count];
        for (int i = past.Count - 1; i >= 0; i--)
            AddTo(direction, past[i].Change, -(shares[i] = Dot(past[i].Step, direction) / past[i].Product));
        if (past.Count > 0)
        {
            double scale = past[^1].Product / Dot(past[^1].Change, past[^1].Change);
            for (int j = 0; j < direction.Length; j++)
                direction[j] *= scale;
        }

        for (int i = 0; i < past.Count; i++)
            AddTo(direction, past[i].Step, shares[i] - Dot(past[i].Change, direction) / past[i].Product);
        return direction;
    }

    // The first band stays 1, since a factor of all changes nothing.
    double ErrorOf(double[] bands, double[] slope)
    {
        var rest = bands.AsSpan(1);
        double column = 1 + Dot(rest, rest);
        for (int t = 0; t < rounds; t++)
            row[t] = 1 - DotBackwards(rest, row.AsSpan(Math.Max(0, t - rest.Length)..t));
        double noise = Dot(row, row);
        for (int t = rounds - 1; t >= 0; t--)
        {
            var later = adjoint.AsSpan((t + 1)..Math.Min(rounds, t + 1 + rest.Length));
            adjoint[t] = 2 * row[t] - Dot(rest[..later.Length], later);
        }

        for (int j = 1; j < bands.Length; j++)
            slope[j] = 2 * bands[j] * noise - column * Dot(adjoint.AsSpan(j), row.AsSpan(..(rounds - j)));
        return column * noise;
    }

    static void AddTo(double[] sum, double[] values, double factor)
    {
        for (int j = 0; j < sum.Length; j++)
            sum[j] += factor * values[j];
    }

    // Four sums, for the pipeline; their order is fixed.
    static double Dot(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        double a = 0, b = 0, c = 0, d = 0;
        int i = 0;
        for (; i <= left.Length - 4; i += 4)
        {
            a += left[i] * right[i];
            b += left[i + 1] * right[i + 1];
            c += left[i + 2] * right[i + 2];
            d += left[i + 3] * right[i + 3];
        }

        for (; i < left.Length; i++)
            a += left[i] * right[i];
        return (a + b) + (c + d);
    }

    // The first of the bands meets the last of what was before.
    static double DotBackwards(ReadOnlySpan<double> bands, ReadOnlySpan<double> before)
    {
        double a = 0, b = 0;
        int i = 0, last = before.Length - 1;
        for (; i <= last - 1; i += 2)
        {
            a += bands[i] * before[last - i];
            b += bands[i + 1] * before[last - i - 1];
        }

        if (i <= last)
            a += bands[i] * before[last - i];
        return a + b;
    }
}

namespace Plume.Federation.Privacy.Matrix;

/// <summary>
/// The lower-triangular Toeplitz matrix C by which the noise of rounds is correlated. With A, the matrix of sums (ones from the
/// diagonal down), and B = A C^-1, the sums of rounds x are released as A x + B z: noise of one round is taken back by that of
/// later ones, so that a sum of many rounds has little of it. One participation moves C x by a column of C.
/// </summary>
/// <remarks>
/// Source: Denisov, McMahan, Rush, Smith and Thakurta, "Improved Differential Privacy for SGD via Optimal Private Linear
/// Operators on Adaptive Streams", NeurIPS 2022, arXiv:2202.08312. The square root of A: Fichtenberger, Henzinger and Upadhyay,
/// "Constant Matters", ICML 2023, arXiv:2202.11205. Bands: Choquette-Choo et al., "(Amplified) Banded Matrix Factorization",
/// NeurIPS 2023, arXiv:2306.08153; of one Toeplitz matrix, McKenna, "Scaling up the Banded Matrix Factorization Mechanism", ICLR
/// 2025, arXiv:2405.15913. Differs from them: bands are chosen for the error of the last sum, the model that ships, and not for
/// the mean of all.
/// </remarks>
public sealed class ToeplitzFactor
{
    readonly double[] coefficients;

    /// <summary>A matrix by its bands.</summary>
    /// <param name="coefficients">Its first column as far as it is not zero: from the diagonal down. The first is above
    /// 0.</param>
    /// <param name="rounds">Its rows and columns; as many as there are bands, or more.</param>
    /// <exception cref="ArgumentException">It has no inverse, or more bands than rounds.</exception>
    public ToeplitzFactor(ReadOnlySpan<double> coefficients, int rounds)
    {
        if (coefficients.IsEmpty || !(coefficients[0] > 0))
            throw new ArgumentException("The first band must be above 0, or the matrix has no inverse.", nameof(coefficients));
        if (coefficients.Length > rounds)
            throw new ArgumentException($"A matrix of {rounds} rounds has as many bands at most, but there are "
                + $"{coefficients.Length}.", nameof(coefficients));
        this.coefficients = coefficients.ToArray();
        Rounds = rounds;
    }

    /// <summary>The bands, from the diagonal down.</summary>
    public IReadOnlyList<double> Coefficients => coefficients;

    /// <summary>Rows and columns.</summary>
    public int Rounds { get; }

    /// <summary>How many bands there are.</summary>
    public int Bands => coefficients.Length;

    /// <summary>The square root of the matrix of sums: C C = A, of as many bands as rounds.</summary>
    public static ToeplitzFactor SquareRoot(int rounds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rounds);
        double[] root = new double[rounds];
        root[0] = 1;
        for (int k = 1; k < rounds; k++)
            root[k] = root[k - 1] * (2 * k - 1) / (2 * k);
        return new ToeplitzFactor(root, rounds);
    }

    /// <summary>The bands that leave the least noise in the sum of all rounds.</summary>
    /// <param name="rounds">From 1.</param>
    /// <param name="bands">From 1; more than there are rounds are as many.</param>
    public static ToeplitzFactor Optimized(int rounds, int bands)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bands);
        return new ToeplitzFactor(BandSearch.Least(rounds, Math.Min(bands, rounds)), rounds);
    }

    /// <summary>The first column of C^-1.</summary>
    public double[] Inverse() => Solve(1, rest: 0);

    /// <summary>The largest noise in any sum of rounds, the last: largest column of C times the last row of B.</summary>
    public double MostError => Sensitivity(1, 1) * Math.Sqrt(Squares(SumOfInverse()));

    /// <summary>The root of the mean square of the noise in the sums after each round.</summary>
    public double MeanError
    {
        get
        {
            double[] row = SumOfInverse();
            double squares = 0;
            for (int t = 0; t < Rounds; t++)
                squares += (Rounds - t) * row[t] * row[t];
            return Sensitivity(1, 1) * Math.Sqrt(squares / Rounds);
        }
    }

    /// <summary>How far one client moves C x that takes part a number of times, each time by 1.</summary>
    /// <param name="separation">Rounds from one participation to the next, at least.</param>
    /// <param name="participations">How many there are at most.</param>
    /// <exception cref="ArgumentException">There are more bands than rounds in between: participations would add up.</exception>
    public double Sensitivity(int separation, int participations)
    {
        double[] squares = new double[Rounds];
        for (int k = 0; k < Rounds; k++)
            squares[Rounds - 1 - k] = (k > 0 ? squares[Rounds - k] : 0) + (k < Bands ? coefficients[k] * coefficients[k] : 0);
        return SensitivityOf(squares, Bands, separation, participations);
    }

    /// <summary>
    /// The same of any matrix with bands: columns that have no row in common are at right angles, so their squares add up, and
    /// the participations are where these are largest.
    /// </summary>
    /// <param name="columnSquares">The square of the Euclidean norm of each column.</param>
    /// <param name="bands">Rows of a column, from the diagonal down, in which it may have something.</param>
    /// <param name="separation">Rounds from one participation to the next, at least.</param>
    /// <param name="participations">How many there are at most.</param>
    /// <exception cref="ArgumentException">There are more bands than rounds in between.</exception>
    public static double SensitivityOf(ReadOnlySpan<double> columnSquares, int bands, int separation, int participations)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bands);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(separation);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(participations);
        if (participations > 1 && separation < bands)
            throw new ArgumentException($"Participations that are {separation} rounds apart add up in a matrix of {bands} "
                + $"bands: let them be {bands} rounds apart, or take {separation} bands.", nameof(separation));
        // Of each number of rounds from the first on, the most that so many participations in them make.
        double[] fewer = new double[columnSquares.Length + 1], most = new double[fewer.Length];
        for (int taken = 0; taken < participations && (taken == 0 || taken * (long)separation < columnSquares.Length); taken++)
        {
            for (int rounds = 1; rounds < most.Length; rounds++)
                most[rounds] = Math.Max(most[rounds - 1], columnSquares[rounds - 1] + fewer[Math.Max(0, rounds - separation)]);
            (fewer, most) = (most, fewer);
        }

        return Math.Sqrt(fewer[^1]);
    }

    // Of B = A C^-1 the first column, and the last row read backwards.
    double[] SumOfInverse() => Solve(1, rest: 1);

    // C times the result is a column that begins with a value and goes on with another.
    double[] Solve(double first, double rest)
    {
        double[] solved = new double[Rounds];
        for (int t = 0; t < Rounds; t++)
        {
            double value = t == 0 ? first : rest;
            for (int j = 1; j < Bands && j <= t; j++)
                value -= coefficients[j] * solved[t - j];
            solved[t] = value / coefficients[0];
        }

        return solved;
    }

    static double Squares(double[] values)
    {
        double sum = 0;
        foreach (double value in values)
            sum += value * value;
        return sum;
    }
}

using Plume.Compression.Randomness;

namespace Plume.Compression.Kernels;

/// <summary>
/// The leading singular directions of a matrix, by subspace iteration from a fixed start: left vectors, orthonormal, and
/// their singular values, the largest first. All sums run in fixed lanes of doubles, so that every machine finds the same.
/// </summary>
/// <remarks>
/// Source: Halko, Martinsson and Tropp, "Finding Structure with Randomness", SIAM Review 2011, arXiv:0909.4061.
/// </remarks>
sealed class Subspace
{
    /// <summary>Directions that are followed beyond those wanted, so that the last one wanted converges too.</summary>
    const int Spare = 4;

    const int Iterations = 3;
    const int Sweeps = 12;

    double[] left = [];
    double[] right = [];
    double[] gram = [];
    double[] rotation = [];
    int rows;
    int columns;
    int count;

    /// <summary>Whether directions were found and not forgotten.</summary>
    public bool IsFound { get; private set; }

    /// <summary>Number of directions that were found: what was wanted, or the matrix's smaller side if that is less.</summary>
    public int Count { get; private set; }

    /// <summary>The left vector of a direction: one number a row.</summary>
    public ReadOnlySpan<double> Left(int direction) => left.AsSpan(direction * rows, rows);

    /// <summary>A direction's singular value.</summary>
    public double Value(int direction) => Math.Sqrt(Math.Max(0, gram[direction * count + direction]));

    /// <summary>Makes room for another matrix.</summary>
    public void Forget() => IsFound = false;

    /// <summary>Finds the directions of a row-major matrix of finite values.</summary>
    public void Find(ReadOnlySpan<float> matrix, int rowCount, int wanted)
    {
        rows = rowCount;
        columns = matrix.Length / rowCount;
        count = Math.Min(wanted + Spare, Math.Min(rows, columns));
        Count = Math.Min(wanted, count);
        Grow(ref left, count * rows);
        Grow(ref right, count * columns);
        Grow(ref gram, count * count);
        Grow(ref rotation, count * count);
        Start();
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            Project(matrix);
            Lift(matrix);
            Orthonormalize();
        }

        Project(matrix);
        FitGram();
        Diagonalize();
        Turn();
        IsFound = true;
    }

    void Start()
    {
        var draws = new RandomDraws(RandomKey.FromSeed(0));
        foreach (ref double value in left.AsSpan(0, count * rows))
            value = draws.NextNormal();
        Orthonormalize();
    }

    // right = left * matrix.
    void Project(ReadOnlySpan<float> matrix)
    {
        var sums = right.AsSpan(0, count * columns);
        sums.Clear();
        MatrixSums.AddProjections(matrix, rows, left.AsSpan(0, count * rows), sums);
    }

    // left = matrix * right, transposed.
    void Lift(ReadOnlySpan<float> matrix) =>
        MatrixSums.Dot(matrix, rows, right.AsSpan(0, count * columns), left.AsSpan(0, count * rows));

    // Gram and Schmidt, twice each, which leaves nothing but rounding; a direction that vanishes stays zero.
    void Orthonormalize()
    {
        for (int direction = 0; direction < count; direction++)
        {
            var vector = left.AsSpan(direction * rows, rows);
            double before = VectorSums.Dot(vector, vector);
            for (int pass = 0; pass < 2; pass++)
            {
                for (int earlier = 0; earlier < direction; earlier++)
                {
                    var other = left.AsSpan(earlier * rows, rows);
                    VectorSums.AddScaled(other, -VectorSums.Dot(vector, other), vector);
                }
            }

            double square = VectorSums.Dot(vector, vector);
            double factor = square > 1e-20 * before ? 1 / Math.Sqrt(square) : 0;
            foreach (ref double value in vector)
                value *= factor;
        }
    }

    void FitGram()
    {
        for (int a = 0; a < count; a++)
        {
            for (int b = 0; b <= a; b++)
                gram[a * count + b] = gram[b * count + a] =
                    VectorSums.Dot(right.AsSpan(a * columns, columns), right.AsSpan(b * columns, columns));
        }
    }

    // Jacobi's rotations until the small Gram matrix is diagonal.
    void Diagonalize()
    {
        rotation.AsSpan(0, count * count).Clear();
        for (int i = 0; i < count; i++)
            rotation[i * count + i] = 1;
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            for (int p = 0; p < count; p++)
            {
                for (int q = p + 1; q < count; q++)
                    Annihilate(p, q);
            }
        }
    }

    void Annihilate(int p, int q)
    {
        double off = gram[p * count + q], high = gram[p * count + p], low = gram[q * count + q];
        if (Math.Abs(off) <= 1e-15 * Math.Sqrt(Math.Abs(high * low)))
            return;
        double ratio = (low - high) / (2 * off);
        double tangent = (ratio >= 0 ? 1 : -1) / (Math.Abs(ratio) + Math.Sqrt(ratio * ratio + 1));
        double cosine = 1 / Math.Sqrt(tangent * tangent + 1), sine = tangent * cosine;
        for (int k = 0; k < count; k++)
            Rotate(ref gram[k * count + p], ref gram[k * count + q], cosine, sine);
        for (int k = 0; k < count; k++)
        {
            Rotate(ref gram[p * count + k], ref gram[q * count + k], cosine, sine);
            Rotate(ref rotation[p * count + k], ref rotation[q * count + k], cosine, sine);
        }
    }

    static void Rotate(ref double a, ref double b, double cosine, double sine)
    {
        double first = a * cosine, second = b * sine, third = a * sine, fourth = b * cosine;
        a = first - second;
        b = third + fourth;
    }

    // left = rotation * left, ordered by singular value.
    void Turn()
    {
        Grow(ref right, count * rows);
        for (int direction = 0; direction < count; direction++)
        {
            int next = LargestFrom(direction);
            var turned = right.AsSpan(direction * rows, rows);
            turned.Clear();
            for (int other = 0; other < count; other++)
                VectorSums.AddScaled(left.AsSpan(other * rows, rows), rotation[next * count + other], turned);
            Exchange(direction, next);
        }

        right.AsSpan(0, count * rows).CopyTo(left);
    }

    int LargestFrom(int direction)
    {
        int largest = direction;
        for (int i = direction + 1; i < count; i++)
        {
            if (gram[i * count + i] > gram[largest * count + largest])
                largest = i;
        }

        return largest;
    }

    void Exchange(int a, int b)
    {
        (gram[a * count + a], gram[b * count + b]) = (gram[b * count + b], gram[a * count + a]);
        for (int k = 0; k < count; k++)
            (rotation[a * count + k], rotation[b * count + k]) = (rotation[b * count + k], rotation[a * count + k]);
    }

    static void Grow(ref double[] array, int length)
    {
        if (array.Length < length)
            array = new double[length];
    }
}

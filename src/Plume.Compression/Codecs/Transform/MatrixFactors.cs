using Plume.Compression.Kernels;
using Plume.Compression.Weights;

namespace Plume.Compression.Codecs.Transform;

/// <summary>The columns and rows whose products make up most of one tensor, as the receiver has them.</summary>
sealed class MatrixFactors(TensorSpec tensor)
{
    float[] columns = [];
    float[] rows = [];
    double[] gram = [];
    double[] fitted = [];

    public TensorSpec Tensor { get; } = tensor;

    /// <summary>Rows of the matrix.</summary>
    public int Rows { get; } = tensor.Channels;

    /// <summary>Columns of the matrix.</summary>
    public int Columns { get; } = tensor.Length / tensor.Channels;

    /// <summary>Products.</summary>
    public int Rank { get; private set; }

    /// <summary>Bytes that the factors took in the payload last read.</summary>
    public int Bytes { get; set; }

    /// <summary>Step of both factors.</summary>
    public float Step { get; set; }

    /// <summary>Steps that a column of each product is long.</summary>
    public double[] Scales { get; private set; } = [];

    public void Begin(int rank)
    {
        Rank = rank;
        if (Scales.Length >= rank)
            return;
        Scales = new double[rank];
        columns = new float[rank * Rows];
        rows = new float[rank * Columns];
        gram = new double[rank * rank];
        fitted = new double[rank * Columns];
    }

    /// <summary>Takes the levels of all columns: a column's values are its levels over its scale.</summary>
    public void TakeColumns(ReadOnlySpan<int> levels)
    {
        for (int product = 0; product < Rank; product++)
        {
            for (int row = 0; row < Rows; row++)
                columns[product * Rows + row] = (float)(levels[product * Rows + row] / Scales[product]);
        }
    }

    /// <summary>Takes the levels of all rows.</summary>
    public void TakeRows(ReadOnlySpan<int> levels)
    {
        for (int i = 0; i < levels.Length; i++)
            rows[i] = levels[i] * Step;
    }

    /// <summary>The rows that leave the least of the values, given the columns: least squares by elimination.</summary>
    public ReadOnlySpan<double> FitRows(ReadOnlySpan<float> values)
    {
        var right = fitted.AsSpan(0, Rank * Columns);
        right.Clear();
        for (int row = 0; row < Rows; row++)
        {
            for (int product = 0; product < Rank; product++)
                VectorSums.AddScaled(values.Slice(row * Columns, Columns), columns[product * Rows + row],
                    right.Slice(product * Columns, Columns));
        }

        for (int a = 0; a < Rank; a++)
        {
            for (int b = 0; b < Rank; b++)
                gram[a * Rank + b] = Product(a, b);
        }

        Eliminate(right);
        return right;
    }

    double Product(int a, int b)
    {
        double sum = 0;
        for (int row = 0; row < Rows; row++)
            sum += (double)columns[a * Rows + row] * columns[b * Rows + row];
        return sum;
    }

    // Gauss and Jordan without pivots: the matrix is a Gram matrix. A column that is zero, or in the span of those before
    // it, gets a row of zeros.
    void Eliminate(Span<double> right)
    {
        for (int a = 0; a < Rank; a++)
        {
            double pivot = gram[a * Rank + a];
            bool usable = pivot > 1e-6;
            for (int b = 0; b < Rank; b++)
                gram[a * Rank + b] = usable ? gram[a * Rank + b] / pivot : 0;
            var row = right.Slice(a * Columns, Columns);
            foreach (ref double value in row)
                value = usable ? value / pivot : 0;
            for (int b = 0; b < Rank; b++)
            {
                double factor = gram[b * Rank + a];
                if (b == a || factor == 0)
                    continue;
                for (int c = 0; c < Rank; c++)
                    gram[b * Rank + c] -= factor * gram[a * Rank + c];
                VectorSums.AddScaled(row, -factor, right.Slice(b * Columns, Columns));
            }
        }
    }

    /// <summary>Takes all products from the tensor's values.</summary>
    public void Subtract(Span<float> values) => AddScaled(values, 0, -1);

    /// <summary>Adds all products to a run of the tensor's values.</summary>
    public void Add(Span<float> values, int first) => AddScaled(values, first, 1);

    // Product after product and each rounded before it is added, so that every instruction set gives the same bits.
    void AddScaled(Span<float> values, int first, float sign)
    {
        for (int done = 0; done < values.Length && Rank > 0;)
        {
            int row = (first + done) / Columns, column = (first + done) % Columns;
            var run = values.Slice(done, Math.Min(Columns - column, values.Length - done));
            for (int product = 0; product < Rank; product++)
                VectorSums.AddScaled(rows.AsSpan(product * Columns + column, run.Length), sign * columns[product * Rows + row],
                    run);
            done += run.Length;
        }
    }

    /// <summary>A bound on the magnitude of a sum of all products.</summary>
    public double LargestProduct()
    {
        double sum = 0;
        for (int product = 0; product < Rank; product++)
            sum += (double)Magnitudes.LargestOf(columns.AsSpan(product * Rows, Rows))
                * Magnitudes.LargestOf(rows.AsSpan(product * Columns, Columns));
        return sum;
    }
}

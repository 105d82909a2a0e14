using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Plume.Compression.Kernels;

namespace Plume.Compression.Aggregation;

/// <summary>
/// The same columns of several rows of floats, such as a run of values of each message of a round: what a rule that compares
/// messages works on, however long these are. Rows are added up in their order, so that every machine gives the same bits.
/// </summary>
public sealed class RowBlock
{
    const int Lanes = 16;
    const int Tile = 1024;

    readonly float[] values;
    readonly int width;
    readonly double[] tile = new double[Tile];
    readonly (int Low, int High)[] network;

    /// <summary>Zeros.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="width">Most columns.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public RowBlock(int rows, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (Rows, this.width, Columns) = (rows, width, width);
        values = new float[(long)rows * width];
        network = SortingNetwork(rows);
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Columns in use.</summary>
    public int Columns { get; private set; }

    /// <summary>Uses the first so many columns from now on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public void Use(int columns)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(columns, width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        Columns = columns;
    }

    /// <summary>A row's columns in use.</summary>
    public Span<float> this[int row] => values.AsSpan(row * width, Columns);

    /// <summary>Adds the inner products of all pairs of rows.</summary>
    /// <param name="products">Rows x rows.</param>
    public void AddProducts(Span<double> products)
    {
        for (int row = 0; row < Rows; row++)
        {
            for (int other = 0; other <= row; other++)
            {
                double product = LaneSums.OfProducts(this[row], this[other]);
                products[row * Rows + other] += product;
                if (other < row)
                    products[other * Rows + row] += product;
            }
        }
    }

    /// <summary>Makes sums of these rows: row i of the result is the sum of mixing[i, j] times row j.</summary>
    /// <param name="mixing">Rows x rows.</param>
    /// <param name="result">Of the same size.</param>
    public void Mix(ReadOnlySpan<double> mixing, RowBlock result)
    {
        ArgumentNullException.ThrowIfNull(result);
        result.Use(Columns);
        for (int row = 0; row < Rows; row++)
            Combine(mixing.Slice(row * Rows, Rows), result[row]);
    }

    /// <summary>The sum of all rows, each with its factor.</summary>
    /// <param name="factors">One for each row.</param>
    /// <param name="sum">As long as the columns in use.</param>
    public void Combine(ReadOnlySpan<double> factors, Span<float> sum)
    {
        for (int start = 0; start < Columns; start += Tile)
        {
            int length = Math.Min(Tile, Columns - start);
            var sums = tile.AsSpan(0, length);
            sums.Clear();
            for (int row = 0; row < Rows; row++)
            {
                if (factors[row] != 0)
                    VectorSums.AddScaled(this[row].Slice(start, length), factors[row], sums);
            }

            for (int column = 0; column < length; column++)
                sum[start + column] = (float)sums[column];
        }
    }

    /// <summary>The mean of some rows that follow one another.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="mean">As long as the columns in use.</param>
    public void Mean(int first, int count, Span<float> mean)
    {
        Span<double> factors = new double[Rows];
        factors.Slice(first, count).Fill(1.0 / count);
        Combine(factors, mean);
    }

    /// <summary>The squared distance of a row, each value times a factor, from a point.</summary>
    public double SquaredDistance(int row, double factor, ReadOnlySpan<float> point)
    {
        double sum = 0;
        var own = this[row];
        for (int column = 0; column < own.Length; column++)
        {
            double difference = own[column] * factor - point[column];
            sum += difference * difference;
        }

        return sum;
    }

    /// <summary>Sorts each column for itself: the first row then has the smallest values, the last the largest.</summary>
    /// <remarks>
    /// By a network of minima and maxima, 16 columns at a time; its scalar twin sorts the columns that are left over.
    /// Source: Batcher, "Sorting networks and their applications", AFIPS 1968.
    /// </remarks>
    public void SortColumns()
    {
        int whole = Columns - Columns % Lanes;
        SortVectors(whole);
        SortScalars(whole);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void SortVectors(int columns)
    {
        ref float origin = ref MemoryMarshal.GetArrayDataReference(values);
        for (int start = 0; start < columns; start += Lanes)
        {
            foreach (var (low, high) in network)
            {
                nuint first = (nuint)(low * width + start), second = (nuint)(high * width + start);
                Vector512<float> a = Vector512.LoadUnsafe(ref origin, first), b = Vector512.LoadUnsafe(ref origin, second);
                Vector512.Min(a, b).StoreUnsafe(ref origin, first);
                Vector512.Max(a, b).StoreUnsafe(ref origin, second);
            }
        }
    }

    internal void SortScalars(int from)
    {
        for (int column = from; column < Columns; column++)
        {
            foreach (var (low, high) in network)
            {
                ref float a = ref values[low * width + column], b = ref values[high * width + column];
                (a, b) = (MathF.Min(a, b), MathF.Max(a, b));
            }
        }
    }

    // Batcher's merge of odd and even places, of which pairs beyond the last row are left out.
    static (int Low, int High)[] SortingNetwork(int count)
    {
        var pairs = new List<(int, int)>();
        for (int run = 1; run < count; run *= 2)
        {
            for (int gap = run; gap >= 1; gap /= 2)
            {
                for (int start = gap % run; start + gap < count; start += 2 * gap)
                {
                    for (int place = start; place < Math.Min(start + gap, count - gap); place++)
                    {
                        if (place / (2 * run) == (place + gap) / (2 * run))
                            pairs.Add((place, place + gap));
                    }
                }
            }
        }

        return [.. pairs];
    }
}

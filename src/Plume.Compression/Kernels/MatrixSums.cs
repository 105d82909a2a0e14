using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels;

/// <summary>
/// Products of a matrix with several vectors at once, in pieces that stay near the processor: the same operations in the same
/// order for each number as <see cref="VectorSums"/> makes one vector after another, so the same bits.
/// </summary>
static class MatrixSums
{
    const int Lanes = 16;
    const int DoubleLanes = 8;

    // Vectors that share what is loaded of the matrix.
    const int Together = 4;

    // Rows whose lanes fill half of a first-level cache as doubles.
    const int Rows = 128;

    /// <summary>Adds to each sum its vector times the matrix.</summary>
    /// <param name="matrix">Row-major.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="vectors">One number a row, vector after vector.</param>
    /// <param name="sums">One number a column, sum after sum.</param>
    public static void AddProjections(ReadOnlySpan<float> matrix, int rows, ReadOnlySpan<double> vectors, Span<double> sums)
    {
        int columns = matrix.Length / rows, count = vectors.Length / rows, wide = columns - columns % Lanes;
        Span<double> tile = stackalloc double[Rows * Lanes];
        for (int first = 0; first < rows; first += Rows)
        {
            int height = Math.Min(Rows, rows - first);
            for (int column = 0; column < wide; column += Lanes)
            {
                Widen(matrix[(first * columns + column)..], columns, height, tile);
                int vector = 0;
                for (; vector <= count - Together; vector += Together)
                    AddFour(tile, height, vectors[(vector * rows + first)..], rows, sums[(vector * columns + column)..], columns);
                for (; vector < count; vector++)
                    AddOne(tile, height, vectors[(vector * rows + first)..], sums[(vector * columns + column)..]);
            }

            for (int vector = 0; vector < count; vector++)
            {
                for (int column = wide; column < columns; column++)
                {
                    double sum = sums[vector * columns + column];
                    for (int row = first; row < first + height; row++)
                    {
                        double term = matrix[row * columns + column] * vectors[vector * rows + row];
                        sum += term;
                    }

                    sums[vector * columns + column] = sum;
                }
            }
        }
    }

    /// <summary>Finds the inner products of each row with each vector.</summary>
    /// <param name="matrix">Row-major.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="vectors">One number a column, vector after vector.</param>
    /// <param name="products">One number a row, vector after vector.</param>
    public static void Dot(ReadOnlySpan<float> matrix, int rows, ReadOnlySpan<double> vectors, Span<double> products)
    {
        int columns = matrix.Length / rows, count = vectors.Length / columns;
        for (int row = 0; row < rows; row++)
        {
            var source = matrix.Slice(row * columns, columns);
            int vector = 0;
            for (; vector <= count - Together; vector += Together)
                DotFour(source, vectors[(vector * columns)..], products[(vector * rows + row)..], rows);
            for (; vector < count; vector++)
                products[vector * rows + row] = VectorSums.Dot(source, vectors.Slice(vector * columns, columns));
        }
    }

    // A band of the matrix, one row's lanes after another's, so that a width of a power of two does not fall on few cache lines.
    static void Widen(ReadOnlySpan<float> matrix, int columns, int height, Span<double> tile)
    {
        for (int row = 0; row < height; row++)
        {
            var vector = Vector512.Create(matrix.Slice(row * columns, Lanes));
            Vector512.WidenLower(vector).CopyTo(tile[(row * Lanes)..]);
            Vector512.WidenUpper(vector).CopyTo(tile[(row * Lanes + DoubleLanes)..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void AddFour(ReadOnlySpan<double> tile, int height, ReadOnlySpan<double> vectors, int rows, Span<double> sums,
        int columns)
    {
        ref double source = ref MemoryMarshal.GetReference(tile);
        ref double factor = ref MemoryMarshal.GetReference(vectors);
        ref double sum = ref MemoryMarshal.GetReference(sums[..(3 * columns + Lanes)]);
        nuint second = (nuint)columns, third = 2 * second, fourth = 3 * second;
        var a = Vector512.LoadUnsafe(ref sum);
        var b = Vector512.LoadUnsafe(ref sum, DoubleLanes);
        var c = Vector512.LoadUnsafe(ref sum, second);
        var d = Vector512.LoadUnsafe(ref sum, second + DoubleLanes);
        var e = Vector512.LoadUnsafe(ref sum, third);
        var f = Vector512.LoadUnsafe(ref sum, third + DoubleLanes);
        var g = Vector512.LoadUnsafe(ref sum, fourth);
        var h = Vector512.LoadUnsafe(ref sum, fourth + DoubleLanes);
        for (int row = 0; row < height; row++)
        {
            var low = Vector512.LoadUnsafe(ref source, (nuint)(row * Lanes));
            var high = Vector512.LoadUnsafe(ref source, (nuint)(row * Lanes + DoubleLanes));
            var times = Vector512.Create(Unsafe.Add(ref factor, row));
            a += low * times;
            b += high * times;
            times = Vector512.Create(Unsafe.Add(ref factor, row + rows));
            c += low * times;
            d += high * times;
            times = Vector512.Create(Unsafe.Add(ref factor, row + 2 * rows));
            e += low * times;
            f += high * times;
            times = Vector512.Create(Unsafe.Add(ref factor, row + 3 * rows));
            g += low * times;
            h += high * times;
        }

        a.StoreUnsafe(ref sum);
        b.StoreUnsafe(ref sum, DoubleLanes);
        c.StoreUnsafe(ref sum, second);
        d.StoreUnsafe(ref sum, second + DoubleLanes);
        e.StoreUnsafe(ref sum, third);
        f.StoreUnsafe(ref sum, third + DoubleLanes);
        g.StoreUnsafe(ref sum, fourth);
        h.StoreUnsafe(ref sum, fourth + DoubleLanes);
    }

    static void AddOne(ReadOnlySpan<double> tile, int height, ReadOnlySpan<double> vector, Span<double> sums)
    {
        var low = Vector512.Create(sums);
        var high = Vector512.Create(sums[DoubleLanes..]);
        for (int row = 0; row < height; row++)
        {
            var times = Vector512.Create(vector[row]);
            low += Vector512.Create(tile[(row * Lanes)..]) * times;
            high += Vector512.Create(tile[(row * Lanes + DoubleLanes)..]) * times;
        }

        low.CopyTo(sums);
        high.CopyTo(sums[DoubleLanes..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void DotFour(ReadOnlySpan<float> source, ReadOnlySpan<double> vectors, Span<double> products, int rows)
    {
        ref float first = ref MemoryMarshal.GetReference(source);
        ref double other = ref MemoryMarshal.GetReference(vectors[..(Together * source.Length)]);
        nuint columns = (nuint)source.Length;
        Vector512<double> a = default, b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        int i = 0;
        for (; i <= source.Length - Lanes; i += Lanes)
        {
            var vector = Vector512.LoadUnsafe(ref first, (nuint)i);
            Vector512<double> low = Vector512.WidenLower(vector), high = Vector512.WidenUpper(vector);
            nuint place = (nuint)i;
            a += low * Vector512.LoadUnsafe(ref other, place);
            b += high * Vector512.LoadUnsafe(ref other, place + DoubleLanes);
            place += columns;
            c += low * Vector512.LoadUnsafe(ref other, place);
            d += high * Vector512.LoadUnsafe(ref other, place + DoubleLanes);
            place += columns;
            e += low * Vector512.LoadUnsafe(ref other, place);
            f += high * Vector512.LoadUnsafe(ref other, place + DoubleLanes);
            place += columns;
            g += low * Vector512.LoadUnsafe(ref other, place);
            h += high * Vector512.LoadUnsafe(ref other, place + DoubleLanes);
        }

        products[0] = WithRest(LaneSums.Join(a + b), source, vectors, i);
        products[rows] = WithRest(LaneSums.Join(c + d), source, vectors[source.Length..], i);
        products[2 * rows] = WithRest(LaneSums.Join(e + f), source, vectors[(2 * source.Length)..], i);
        products[3 * rows] = WithRest(LaneSums.Join(g + h), source, vectors[(3 * source.Length)..], i);
    }

    static double WithRest(double sum, ReadOnlySpan<float> a, ReadOnlySpan<double> b, int first)
    {
        for (int i = first; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}

using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Plume.Compression.Kernels;

namespace Plume.Compression.Aggregation;

/// <summary>
/// A weighted sum of updates in 64-bit fixed point. Integers add in any order to the same sum, so a round that was
/// interrupted and resumed, or spread over machines, gives the same bits.
/// </summary>
/// <remarks>
/// Error: each term is rounded once, by at most half of <see cref="Resolution"/>.
/// Memory: 8 bytes a value, whatever the number of contributors. Adding to disjoint ranges from several threads is safe.
/// </remarks>
public sealed class ExactSum
{
    /// <summary>Largest magnitude of a single weighted term that a sum takes by default: far above any sane update.</summary>
    public const double DefaultLimit = 1024;

    // A term is rounded by adding 1.5 * 2^52, which leaves the nearest whole number in the low bits of the double: exact
    // below 2^51, and the same on every instruction set, most of which cannot convert a double to a long.
    const int TermBits = 50;
    const double Rounder = 6755399441055744;
    const int Lanes = 16;

    readonly Memory<long> sums;

    /// <summary>A sum of zeros, scaled so that it cannot overflow.</summary>
    /// <param name="length">Number of values.</param>
    /// <param name="contributors">Most updates that will be added.</param>
    /// <param name="limit">Largest |weight * value| that will be added; a power of two is used up best.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive, or contributors * limit leaves under 16 fraction
    /// bits.</exception>
    public ExactSum(int length, int contributors, double limit = DefaultLimit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contributors);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        int limitBits = (int)Math.Ceiling(Math.Log2(limit));
        FractionBits = Math.Min(TermBits, 62 - (int)Math.Ceiling(Math.Log2(contributors))) - limitBits;
        ArgumentOutOfRangeException.ThrowIfLessThan(FractionBits, 16, nameof(limit));
        FractionBits = Math.Min(FractionBits, 52);
        Limit = limit;
        Scale = Math.ScaleB(1, FractionBits);
        sums = new long[length];
    }

    ExactSum(ExactSum whole, int offset, int length) =>
        (FractionBits, Scale, Limit, sums) = (whole.FractionBits, whole.Scale, whole.Limit, whole.sums.Slice(offset, length));

    /// <summary>Number of values.</summary>
    public int Length => sums.Length;

    /// <summary>Bits after the binary point.</summary>
    public int FractionBits { get; }

    /// <summary>Two to the power of <see cref="FractionBits"/>.</summary>
    public double Scale { get; }

    /// <summary>The smallest difference the sum can hold.</summary>
    public double Resolution => 1 / Scale;

    /// <summary>Largest |weight * value| that may be added.</summary>
    public double Limit { get; }

    /// <summary>The fixed-point sums, for kernels that add to them and for checkpoints.</summary>
    public Span<long> Values => sums.Span;

    /// <summary>A part of this sum: what is added to it is added here.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part is not within the sum.</exception>
    public ExactSum Slice(int offset, int length) => new(this, offset, length);

    /// <summary>Adds weight * values[i] to the sums from <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentException">A term is not finite or above <see cref="Limit"/>; nothing was added.</exception>
    public void Add(int offset, ReadOnlySpan<float> values, double weight)
    {
        if (values.IsEmpty)
            return;
        CheckTerms(values, weight);
        AddBounded(offset, values, weight);
    }

    /// <summary>Adds terms that are known to be finite and within the limit.</summary>
    /// <returns>The sum of the squares of the values, before the weight, as <see cref="LaneSums.OfSquares"/> gives it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal double AddBounded(int offset, ReadOnlySpan<float> values, double weight)
    {
        var target = sums.Span.Slice(offset, values.Length);
        double factor = weight * Scale;
        ref float first = ref MemoryMarshal.GetReference(values);
        ref long sum = ref MemoryMarshal.GetReference(target);
        Vector512<double> lowSquares = Vector512<double>.Zero, highSquares = lowSquares;
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            var vector = Vector512.LoadUnsafe(ref first, (nuint)i);
            Vector512<double> lower = Vector512.WidenLower(vector), upper = Vector512.WidenUpper(vector);
            var low = Terms(lower, factor) + Vector512.LoadUnsafe(ref sum, (nuint)i);
            var high = Terms(upper, factor) + Vector512.LoadUnsafe(ref sum, (nuint)(i + Lanes / 2));
            low.StoreUnsafe(ref sum, (nuint)i);
            high.StoreUnsafe(ref sum, (nuint)(i + Lanes / 2));
            lowSquares += lower * lower;
            highSquares += upper * upper;
        }

        double squares = LaneSums.Join(lowSquares + highSquares);
        for (; i < values.Length; i++)
        {
            target[i] += Term(values[i], factor);
            squares += (double)values[i] * values[i];
        }

        return squares;
    }

    /// <summary>Adds such terms at offset + positions[i].</summary>
    /// <returns>The sum of the squares of the values, before the weight.</returns>
    internal double AddBounded(int offset, ReadOnlySpan<ushort> positions, ReadOnlySpan<float> values, double weight)
    {
        var target = sums.Span[offset..];
        double factor = weight * Scale;
        for (int i = 0; i < values.Length; i++)
            target[positions[i]] += Term(values[i], factor);
        return LaneSums.OfSquares(values);
    }

    /// <summary>Adds another sum of the same shape: shards and machines meet here.</summary>
    /// <exception cref="ArgumentException">The other sum has another length or scale.</exception>
    public void Add(ExactSum other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Length != Length || other.FractionBits != FractionBits)
            throw new ArgumentException(
                $"Only sums of the same shape add: {Length} values at 2^-{FractionBits} and {other.Length} at "
                    + $"2^-{other.FractionBits}.", nameof(other));
        TensorPrimitives.Add(sums.Span, other.sums.Span, sums.Span);
    }

    /// <summary>Writes sum / divisor: the mean, when the divisor is the sum of the weights.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The divisor is not positive.</exception>
    public void DivideInto(double divisor, Span<float> mean)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(divisor);
        double factor = 1 / (divisor * Scale);
        var values = sums.Span;
        for (int i = 0; i < values.Length; i++)
            mean[i] = (float)(values[i] * factor);
    }

    /// <summary>Back to zeros.</summary>
    public void Clear() => sums.Span.Clear();

    static long Term(float value, double factor) =>
        BitConverter.DoubleToInt64Bits(value * factor + Rounder) - BitConverter.DoubleToInt64Bits(Rounder);

    static Vector512<long> Terms(Vector512<double> values, double factor) =>
        (values * Vector512.Create(factor) + Vector512.Create(Rounder))
            .AsInt64() - Vector512.Create(BitConverter.DoubleToInt64Bits(Rounder));

    void CheckTerms(ReadOnlySpan<float> values, double weight)
    {
        // The largest magnitude is NaN when a value is: one comparison refuses NaN, infinity and excess.
        float largest = TensorPrimitives.MaxMagnitude(values);
        if (!(Math.Abs(largest * weight) <= Limit))
            throw new ArgumentException(
                $"A term of the sum must be finite and at most {Limit} in magnitude; found {largest} * {weight}.",
                nameof(values));
    }
}

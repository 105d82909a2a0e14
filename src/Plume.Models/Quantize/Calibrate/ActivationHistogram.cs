using Plume.Compression.Wire;

namespace Plume.Models.Quantize.Calibrate;

/// <summary>
/// How often values of each size occur among the activations at one place of a graph, batch by batch. The bins' width is a
/// power of two that doubles when a larger value comes, and whole bins fall together then, so that neither the order of the
/// batches nor how they are cut changes anything. 32 kB, however many values there are.
/// </summary>
public sealed class ActivationHistogram
{
    const int Bins = 2048, BinBits = 11;

    readonly long[] positive = new long[Bins];
    readonly long[] negative = new long[Bins];
    ValueRange range;
    int exponent;
    bool hasWidth;

    /// <summary>Values so far.</summary>
    public long Count { get; private set; }

    /// <summary>The exact range of the values so far.</summary>
    /// <exception cref="InvalidOperationException">There is none yet.</exception>
    public ValueRange Range => Count > 0 ? range
        : throw new InvalidOperationException("No activation was seen; calibrate on at least one sample.");

    /// <summary>Values that are exactly 0: many, behind a ReLU.</summary>
    internal long Zeros { get; private set; }

    /// <summary>Takes a batch; where it is refused, nothing of it counts.</summary>
    /// <exception cref="InvalidPayloadException">A value is not finite; the message says which.</exception>
    public void Add(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            return;
        var batch = RangeOf(values);
        range = Count > 0 ? range.Union(batch) : batch;
        Widen(Math.Max(Math.Abs(batch.Min), Math.Abs(batch.Max)));
        double perWidth = Math.ScaleB(1, -exponent);
        foreach (float value in values)
        {
            if (value > 0)
                positive[(int)(value * perWidth)]++;
            else if (value < 0)
                negative[(int)(-value * perWidth)]++;
            else
                Zeros++;
        }

        Count += values.Length;
    }

    /// <summary>The middles of the bins that are not empty, in rising order, and how many values each stands for.</summary>
    internal (float Middle, long Count)[] Filled()
    {
        double width = Math.ScaleB(1, exponent);
        var filled = new List<(float, long)>();
        for (int bin = Bins - 1; bin >= 0; bin--)
            Take(-(bin + 0.5) * width, negative[bin]);
        Take(0, Zeros);
        for (int bin = 0; bin < Bins; bin++)
            Take((bin + 0.5) * width, positive[bin]);
        return [.. filled];

        void Take(double middle, long count)
        {
            if (count > 0)
                filled.Add(((float)Math.Clamp(middle, range.Min, range.Max), count));
        }
    }

    /// <summary>The bound that at most so many values are beyond: to its bin's outer edge, within the exact range.</summary>
    internal float Bound(long beyond, bool upper)
    {
        var (near, far) = upper ? (positive, negative) : (negative, positive);
        double width = Math.ScaleB(1, exponent), sign = upper ? 1 : -1;
        for (int bin = Bins - 1; bin >= 0; bin--)
        {
            if ((beyond -= near[bin]) < 0)
                return Within(sign * (bin + 1) * width);
        }

        if ((beyond -= Zeros) < 0)
            return Within(0);
        for (int bin = 0; bin < Bins; bin++)
        {
            if ((beyond -= far[bin]) < 0)
                return Within(-sign * bin * width);
        }

        return upper ? range.Min : range.Max;
    }

    float Within(double bound) => (float)Math.Clamp(bound, range.Min, range.Max);

    static ValueRange RangeOf(ReadOnlySpan<float> values)
    {
        try
        {
            return ValueRange.Of(values);
        }
        catch (ArgumentException error)
        {
            throw new InvalidPayloadException($"An activation cannot be calibrated: {error.Message}", error);
        }
    }

    // The least power of two of which the bins reach beyond the magnitude.
    void Widen(float magnitude)
    {
        if (magnitude == 0)
            return;
        int needed = Math.ILogB(magnitude) + 1 - BinBits;
        if (!hasWidth)
            (exponent, hasWidth) = (needed, true);
        for (; exponent < needed; exponent++)
        {
            Halve(positive);
            Halve(negative);
        }
    }

    static void Halve(long[] counts)
    {
        for (int bin = 0; bin < Bins / 2; bin++)
            counts[bin] = counts[2 * bin] + counts[2 * bin + 1];
        counts.AsSpan(Bins / 2).Clear();
    }
}

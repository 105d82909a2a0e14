namespace Plume.Models.Quantize.Calibrate;

/// <summary>The least and the largest of some values.</summary>
public readonly record struct ValueRange
{
    /// <summary>A range.</summary>
    /// <exception cref="ArgumentException">A bound is not finite, or the first is above the second.</exception>
    public ValueRange(float min, float max)
    {
        if (!float.IsFinite(min) || !float.IsFinite(max) || min > max)
            throw new ArgumentException($"A range has finite bounds, the lower one first; [{min}, {max}] has not.");
        (Min, Max) = (min, max);
    }

    /// <summary>The least value.</summary>
    public float Min { get; }

    /// <summary>The largest value.</summary>
    public float Max { get; }

    /// <summary>The range of at least one value.</summary>
    /// <exception cref="ArgumentException">There is no value, or one is not finite; the message says which.</exception>
    public static ValueRange Of(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            throw new ArgumentException("No value has no range.", nameof(values));
        float min = float.PositiveInfinity, max = float.NegativeInfinity;
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                throw new ArgumentException($"Values must be finite, but value {i} is {values[i]}.", nameof(values));
            min = Math.Min(min, values[i]);
            max = Math.Max(max, values[i]);
        }

        return new(min, max);
    }

    /// <summary>The least range that holds both.</summary>
    public ValueRange Union(ValueRange other) => new(Math.Min(Min, other.Min), Math.Max(Max, other.Max));

    /// <summary>For example <c>[-0.5, 3.25]</c>.</summary>
    public override string ToString() => $"[{Min}, {Max}]";
}

namespace Plume.Learning.Data;

/// <summary>What is taken from a value before a model sees it, and what the rest is divided by: (value - mean) / scale.</summary>
/// <param name="Mean">One for all values of a sample, or one for each.</param>
/// <param name="Scale">As many as means, each above 0.</param>
public sealed record Normalization(IReadOnlyList<float> Mean, IReadOnlyList<float> Scale)
{
    /// <summary>The means.</summary>
    public IReadOnlyList<float> Mean { get; } = Mean is { Count: > 0 } && Mean.All(float.IsFinite)
        ? Mean
        : throw new ArgumentException("A normalization needs means, all finite.", nameof(Mean));

    /// <summary>The scales.</summary>
    public IReadOnlyList<float> Scale { get; } = Scale is not null && Scale.Count == Mean.Count
        && Scale.All(scale => scale > 0 && float.IsFinite(scale))
        ? Scale
        : throw new ArgumentException($"A normalization of {Mean.Count} means needs as many scales, all above 0 and finite.",
            nameof(Scale));

    /// <summary>The same for all values.</summary>
    public static Normalization Of(float mean, float scale) => new([mean], [scale]);

    /// <summary>A value in place <paramref name="index"/> of a sample, normalized.</summary>
    public float Apply(float value, int index) => Mean.Count == 1
        ? (value - Mean[0]) / Scale[0] : (float)(((double)value - Mean[index]) / Scale[index]);

    /// <summary>Whether it fits samples of so many values.</summary>
    public bool Fits(int sampleLength) => Mean.Count == 1 || Mean.Count == sampleLength;

    /// <inheritdoc/>
    public bool Equals(Normalization? other) =>
        other is not null && Mean.SequenceEqual(other.Mean) && Scale.SequenceEqual(other.Scale);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Mean.Count, Mean[0], Scale[0]);

    // Rounding leaves a constant column a deviation of about its last bit, which is nothing to divide by.
    internal static float ScaleOf(double mean, double deviation) => deviation > 1e-7 * Math.Abs(mean) && (float)deviation > 0
        ? (float)deviation : 1;
}

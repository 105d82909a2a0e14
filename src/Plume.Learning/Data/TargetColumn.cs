namespace Plume.Learning.Data;

/// <summary>The number that a model predicts in place of a class: what it is called, and how it was normalized.</summary>
/// <param name="Name">The table's column.</param>
/// <param name="Mean">What was taken from it.</param>
/// <param name="Scale">What the rest was divided by: above 0.</param>
/// <remarks>
/// A model predicts (value - mean) / scale; errors in the target's own units are times the scale, squares twice.
/// </remarks>
public sealed record TargetColumn(string Name, float Mean = 0, float Scale = 1)
{
    /// <summary>The name.</summary>
    public string Name { get; } = string.IsNullOrEmpty(Name) ? throw new ArgumentException("A target needs a name.", nameof(Name)) : Name;

    /// <summary>The mean.</summary>
    public float Mean { get; } = float.IsFinite(Mean) ? Mean
        : throw new ArgumentOutOfRangeException(nameof(Mean), Mean, "A target's mean must be finite.");

    /// <summary>The scale.</summary>
    public float Scale { get; } = Scale > 0 && float.IsFinite(Scale) ? Scale
        : throw new ArgumentOutOfRangeException(nameof(Scale), Scale, "A target's scale must be above 0 and finite.");

    /// <summary>A value as a model predicts it.</summary>
    public float Apply(float value) => (float)(((double)value - Mean) / Scale);
}

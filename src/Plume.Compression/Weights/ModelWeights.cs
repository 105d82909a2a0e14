namespace Plume.Compression.Weights;

/// <summary>A model's values, contiguous, and the layout that says where each tensor lies in them.</summary>
public sealed class ModelWeights
{
    /// <summary>Wraps <paramref name="values"/> without a copy.</summary>
    /// <exception cref="ArgumentException">The array's length is not the layout's.</exception>
    public ModelWeights(ModelLayout layout, float[] values)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length != layout.Length)
            throw new ArgumentException($"The layout has {layout.Length} values, but {values.Length} were given.",
                nameof(values));
        Layout = layout;
        Values = values;
    }

    /// <summary>All values zero.</summary>
    public ModelWeights(ModelLayout layout) : this(layout, new float[layout.Length])
    {
    }

    /// <summary>Where each tensor lies.</summary>
    public ModelLayout Layout { get; }

    /// <summary>All values, in the order of the layout.</summary>
    public float[] Values { get; }

    /// <summary>The values of one tensor: a view, not a copy.</summary>
    public Span<float> this[TensorSpec tensor] => Values.AsSpan(tensor.Offset, tensor.Length);

    /// <summary>The values of the tensor of that name: a view, not a copy.</summary>
    public Span<float> this[string name] => this[Layout[name]];
}

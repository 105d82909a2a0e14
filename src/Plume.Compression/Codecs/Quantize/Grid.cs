namespace Plume.Compression.Codecs.Quantize;

/// <summary>Where the levels of a group of values lie. Dense values sit at multiples of Step; magnitudes that a select kept, at Low + k * Step.</summary>
readonly record struct Grid(float Low, float Step);

/// <summary>What a grid is fitted to: gathered block by block, joined in block order.</summary>
struct GridStatistics()
{
    public float Smallest = float.PositiveInfinity;
    public float Largest;
    public double Sum;
    public int Count;

    /// <summary>Takes the magnitudes of more values in.</summary>
    public void Add(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            return;
        Smallest = Math.Min(Smallest, Math.Abs(System.Numerics.Tensors.TensorPrimitives.MinMagnitude(values)));
        Largest = Math.Max(Largest, Math.Abs(System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(values)));
        Count += values.Length;
    }

    /// <summary>Takes the magnitudes in, and their sum in the order of the values.</summary>
    public void AddWithSum(ReadOnlySpan<float> values)
    {
        Add(values);
        foreach (float value in values)
            Sum += Math.Abs(value);
    }

    /// <summary>Takes another gathering in.</summary>
    public void Add(in GridStatistics other)
    {
        Smallest = Math.Min(Smallest, other.Smallest);
        Largest = Math.Max(Largest, other.Largest);
        Sum += other.Sum;
        Count += other.Count;
    }
}

namespace Plume.Models.Quantize.Calibrate;

/// <summary>Where the values of each channel stand in a tensor: along an axis, or all in one channel.</summary>
readonly record struct Channels
{
    readonly int inner;

    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such axis.</exception>
    public Channels(IReadOnlyList<int> shape, int? axis)
    {
        int length = shape.Aggregate(1, (product, dimension) => product * dimension);
        if (axis is { } along)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(along, 0, nameof(axis));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(along, shape.Count, nameof(axis));
            Count = shape[along];
            inner = shape.Skip(along + 1).Aggregate(1, (product, dimension) => product * dimension);
        }
        else
        {
            (Count, inner) = (1, Math.Max(1, length));
        }

        Length = Count == 0 ? 0 : length / Count;
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>Values of one.</summary>
    public int Length { get; }

    /// <summary>The channel of the value at a place.</summary>
    public int Of(int place) => place / inner % Count;

    /// <summary>The values of a channel, in order.</summary>
    public void Gather(ReadOnlySpan<float> tensor, int channel, Span<float> values)
    {
        for (int i = 0; i < Length; i++)
            values[i] = tensor[(i / inner * Count + channel) * inner + i % inner];
    }
}

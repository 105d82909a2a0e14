using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>What a grid is fitted to: gathered block by block, joined in block order.</summary>
struct GridStatistics()
{
    public uint SmallestBits = Magnitudes.Mask;
    public uint LargestBits;
    public double Sum;
    public double SumOfSquares;
    public int Count;

    /// <summary>The smallest magnitude.</summary>
    public readonly float Smallest => BitConverter.UInt32BitsToSingle(SmallestBits);

    /// <summary>The largest magnitude.</summary>
    public readonly float Largest => BitConverter.UInt32BitsToSingle(LargestBits);

    /// <summary>Whether all values are finite.</summary>
    public readonly bool IsFinite => LargestBits < Magnitudes.NotFinite;

    /// <summary>Takes the extremes of more values in.</summary>
    public void Add(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            return;
        var (smallest, largest) = Magnitudes.Extremes(values);
        SmallestBits = Math.Min(SmallestBits, smallest);
        LargestBits = Math.Max(LargestBits, largest);
        Count += values.Length;
    }

    /// <summary>Takes another gathering in.</summary>
    public void Add(in GridStatistics other)
    {
        SmallestBits = Math.Min(SmallestBits, other.SmallestBits);
        LargestBits = Math.Max(LargestBits, other.LargestBits);
        Sum += other.Sum;
        SumOfSquares += other.SumOfSquares;
        Count += other.Count;
    }
}

using Plume.Compression.Aggregation;

namespace Plume.Federation.Robustness;

/// <summary>The messages of a round as rows of numbers that can be read again and again, some columns at a time.</summary>
public interface IMessageRows
{
    /// <summary>Number of messages.</summary>
    int Count { get; }

    /// <summary>Values of each.</summary>
    int Length { get; }

    /// <summary>Reads the columns in use of a block, from one on, of all messages.</summary>
    /// <param name="first">The first column.</param>
    /// <param name="block">Receives them.</param>
    void Read(int first, RowBlock block);
}

namespace Plume.Federation.Models;

/// <summary>What a client downloads to come from the version it has to the newest.</summary>
/// <param name="Segments">In the order in which they are applied.</param>
public sealed record CatchUp(IReadOnlyList<Segment> Segments)
{
    /// <summary>Of a client that has the newest version.</summary>
    public static CatchUp None { get; } = new([]);

    /// <summary>Bytes of all segments.</summary>
    public long Length { get; } = Segments.Sum(segment => segment.Length);
}

/// <summary>One payload on the way from one version to another.</summary>
/// <param name="Kind">How it is read.</param>
/// <param name="From">The version it is applied to; 0 where it needs none.</param>
/// <param name="To">The version it makes.</param>
/// <param name="Length">Bytes.</param>
public sealed record Segment(SegmentKind Kind, int From, int To, long Length)
{
    /// <summary>The bytes; empty for a version's own payload, which whoever published it keeps.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }
}

/// <summary>How a segment is read.</summary>
public enum SegmentKind
{
    /// <summary>A payload of the downlink's codec, as published.</summary>
    Version = 1,

    /// <summary>A payload of the downlink's codec for sums: several versions at once.</summary>
    Sum = 2,

    /// <summary>All values as 32-bit floats.</summary>
    Whole = 3,

    /// <summary>All values as digits of whole levels, which come to the same bits. On the wire 4 is a graph.</summary>
    Levels = 5,
}

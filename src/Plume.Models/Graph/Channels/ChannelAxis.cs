namespace Plume.Models.Graph.Channels;

/// <summary>One axis of a value: either its indices are places, or nothing can be taken from it and a reason says why.</summary>
sealed class ChannelAxis
{
    readonly Places? book;
    readonly int length;
    int[]? places;

    ChannelAxis(Places? book, int length, string? reason) => (this.book, this.length, Pinned) = (book, length, reason);

    /// <summary>Why nothing can be taken from the axis; null where places are.</summary>
    public string? Pinned { get; }

    /// <summary>True where a place was ever asked for: axes of kernels, mostly, stay without.</summary>
    public bool IsNumbered => places is not null;

    /// <summary>The place of each index.</summary>
    public int[] Places => places ??= book!.Add(length);

    /// <summary>An axis that keeps its length.</summary>
    public static ChannelAxis Fixed(string reason) => new(null, 0, reason);

    /// <summary>An axis of a tensor, whose indices get places when first asked for.</summary>
    public static ChannelAxis Of(Places book, int length) => new(book, length, null);

    /// <summary>An axis of a value, whose indices go with places of tensors.</summary>
    public static ChannelAxis Of(int[] places) => new(null, places.Length, null) { places = places };
}

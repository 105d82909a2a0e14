using Plume.Compression.Codecs;

namespace Plume.Federation.Methods;

/// <summary>
/// The codecs of parts that hold whole numbers, masks and levels: by whole ones, and without loss whichever way they change.
/// </summary>
static class WholeNumbers
{
    /// <summary>Of what is published and seldom changes; several changes add up.</summary>
    public static Codec Changes { get; } = Codec.Parse("delta | deadzone(abs=1, exact) | range");

    /// <summary>Of numbers as they are.</summary>
    public static Codec Alone { get; } = Codec.Parse("deadzone(abs=1, exact) | range");
}

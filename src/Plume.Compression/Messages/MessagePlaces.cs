using Plume.Compression.Randomness;

namespace Plume.Compression.Messages;

/// <summary>A part of a message where it stands.</summary>
/// <param name="Index">Which part, from 0.</param>
/// <param name="Offset">Its first value in the flat array.</param>
/// <param name="Length">Its values.</param>
/// <param name="Key">What its codec draws from.</param>
/// <param name="Reference">What its codec refers to; empty where it needs nothing.</param>
readonly record struct PlacedPart(int Index, int Offset, int Length, RandomKey Key, ReadOnlyMemory<float> Reference);

/// <summary>Where a message's parts stand in its flat array, and what each draws from: the same on both ends.</summary>
static class MessagePlaces
{
    /// <summary>The parts in order. The first draws as a message of it alone does.</summary>
    public static IEnumerable<PlacedPart> Of(MessageShape shape, RandomKey key, ReadOnlyMemory<float> reference = default)
    {
        int offset = 0;
        for (int i = 0; i < shape.Parts.Count; i++)
        {
            var part = shape.Parts[i];
            int length = part.Layout.Length;
            yield return new PlacedPart(i, offset, length, i == 0 ? key
                : key.Fold(part.Name), part.Codec.UsesReference && !reference.IsEmpty ? reference.Slice(offset, length)
                : default);
            offset += length;
        }
    }
}

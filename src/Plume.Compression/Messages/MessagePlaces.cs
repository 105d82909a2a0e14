using Plume.Compression.Randomness;

namespace Plume.Compression.Messages;

/// <summary>Where a message's parts stand in its flat array, and what each draws from: the same on both ends.</summary>
static class MessagePlaces
{
    public static IEnumerable<(int Index, MessagePart Part, (int Offset, ReadOnlyMemory<float> Reference) Place)> Of(MessageShape shape, ReadOnlyMemory<float> reference)
    {
        int offset = 0;
        for (int i = 0; i < shape.Parts.Count; i++)
        {
            var part = shape.Parts[i];
            yield return (i, part, (offset, part.Codec.UsesReference && !reference.IsEmpty ? reference.Slice(offset, part.Layout.Length) : default));
            offset += part.Layout.Length;
        }
    }

    // The first part draws as a message of it alone does.
    public static RandomKey KeyOf(RandomKey key, int index, MessagePart part) => index == 0 ? key : key.Fold(part.Name);
}

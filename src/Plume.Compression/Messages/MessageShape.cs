using Plume.Compression.Codecs;

namespace Plume.Compression.Messages;

/// <summary>
/// What a message is made of, known to both ends before a byte travels: named parts, each with a layout and a codec. Their values
/// stand in one flat array, part after part.
/// </summary>
public sealed class MessageShape
{
    /// <summary>A message of these parts.</summary>
    /// <exception cref="ArgumentException">There is none, or two have one name.</exception>
    public MessageShape(params IReadOnlyList<MessagePart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0 || parts.DistinctBy(part => part.Name).Count() < parts.Count)
            throw new ArgumentException(
                $"A message has one part or more, of different names; found "
                    + $"{(parts.Count == 0 ? "none" : string.Join(", ", parts.Select(part => part.Name)))}.", nameof(parts));
        Parts = parts;
        Length = checked(parts.Sum(part => part.Layout.Length));
        MemoryLength = checked(parts.Sum(part => part.Codec.MemoryLength(part.Layout)));
        UsesReference = parts.Any(part => part.Codec.UsesReference);
    }

    /// <summary>The parts, in the order of the flat array.</summary>
    public IReadOnlyList<MessagePart> Parts { get; }

    /// <summary>Values of all parts.</summary>
    public int Length { get; }

    /// <summary>Floats of residual that one sender keeps for all parts.</summary>
    public int MemoryLength { get; }

    /// <summary>Whether a part's codec needs a reference, of which there is a value for each of the message.</summary>
    public bool UsesReference { get; }

    /// <summary>Most bytes that it takes: twice its floats and some more.</summary>
    public long LargestPayload => 8L * Length + SlackBytes * Parts.Count;

    /// <summary>The same parts by the codecs that code sums of theirs without loss; null where a part's codec has none.</summary>
    public MessageShape? ForSums => Parts.All(part => part.Codec.ForSums is not null) ? With(part => part.Codec.ForSums!) : null;

    /// <summary>The same parts by other codecs.</summary>
    public MessageShape With(Func<MessagePart, Codec> codec) => new([.. Parts.Select(part => part with { Codec = codec(part) })]);

    // A payload may be larger than the floats it stands for, but not much.
    const int SlackBytes = 64 << 10;
}

using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Federation.Rounds;

namespace Plume.Federation.Models;

/// <summary>A client's copy of the global model, brought from version to version by what it downloads.</summary>
public sealed class ReceivedModel
{
    readonly MessageShape shape;
    readonly MessageDecoder decoder;
    readonly MessageDecoder? sumDecoder;
    readonly MessageDecoder wholeDecoder;
    readonly RandomKey key;
    readonly float[] values;
    readonly float[] next;

    /// <summary>A copy that has no version yet.</summary>
    /// <param name="shape">What is published, by the downlink's codec.</param>
    /// <param name="broadcastKey">Where the downlink's draws come from: <see cref="DrawKeys.Downlink"/> of the run's key.</param>
    public ReceivedModel(MessageShape shape, RandomKey broadcastKey)
    {
        ArgumentNullException.ThrowIfNull(shape);
        (this.shape, key) = (shape, broadcastKey);
        decoder = new MessageDecoder(shape);
        sumDecoder = shape.ForSums is { } forSums ? new MessageDecoder(forSums) : null;
        wholeDecoder = new MessageDecoder(AsFloats(shape));
        (values, next) = (new float[shape.Length], new float[shape.Length]);
    }

    /// <summary>The codec of a whole model: 32-bit floats.</summary>
    public static Codec Whole { get; } = Codec.Floats;

    /// <summary>
    /// The same parts as 32-bit floats; those of whole levels, which their own codec gives back without loss, as these.
    /// </summary>
    public static MessageShape AsFloats(MessageShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return shape.With(part => part.Codec.KeepsLevels ? part.Codec : Whole);
    }

    /// <summary>The version that <see cref="Values"/> has; null before the first.</summary>
    public int? Version { get; private set; }

    /// <summary>All that was published, part after part: the model's weights first.</summary>
    public ReadOnlyMemory<float> Values => values;

    /// <summary>Takes one segment.</summary>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule, or does not follow the version at hand; the copy is
    /// as it was.</exception>
    public void Apply(SegmentKind kind, int from, int to, ReadOnlyMemory<byte> payload)
    {
        bool needsReference = kind == SegmentKind.Sum || (kind == SegmentKind.Version && shape.UsesReference);
        if (needsReference && Version != from)
            throw new InvalidPayloadException(
                $"The payload leads from version {from} to {to}, but the model at hand is "
                    + $"{(Version is { } at ? $"version {at}" : "none")}.");
        var reference = needsReference ? values : default(ReadOnlyMemory<float>);
        switch (kind)
        {
            case SegmentKind.Version:
                decoder.Decode(payload, next, key.Fold((ulong)to), reference);
                break;
            case SegmentKind.Sum when sumDecoder is not null:
                sumDecoder.Decode(payload, next, default, reference);
                break;
            case SegmentKind.Whole:
                wholeDecoder.Decode(payload, next, default);
                break;
            case SegmentKind.Levels when sumDecoder is not null:
                new WholeLevels(shape).Decode(payload, next);
                break;
            default:
                throw new InvalidPayloadException($"A payload of kind {kind} is not of the downlink '{shape.Parts[0].Codec}'.");
        }

        next.CopyTo(values, 0);
        Version = to;
    }

    /// <summary>Takes a copy that was kept.</summary>
    public void Restore(int version, ReadOnlySpan<float> kept)
    {
        kept.CopyTo(values);
        Version = version;
    }
}

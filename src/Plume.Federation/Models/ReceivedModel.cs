using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Federation.Models;

/// <summary>A client's copy of the global model, brought from version to version by what it downloads.</summary>
public sealed class ReceivedModel
{
    readonly Codec downlink;
    readonly PayloadDecoder decoder;
    readonly PayloadDecoder? sumDecoder;
    readonly PayloadDecoder wholeDecoder;
    readonly RandomKey key;
    readonly float[] values;
    readonly float[] next;

    /// <summary>A copy that has no version yet.</summary>
    /// <param name="downlink">The codec of models.</param>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="broadcastKey">Where the downlink's draws come from: <see cref="DrawKeys.Broadcast"/> of the run's key.</param>
    public ReceivedModel(Codec downlink, ModelLayout layout, RandomKey broadcastKey)
    {
        ArgumentNullException.ThrowIfNull(downlink);
        ArgumentNullException.ThrowIfNull(layout);
        (this.downlink, key) = (downlink, broadcastKey);
        decoder = new PayloadDecoder(downlink, layout);
        sumDecoder = downlink.ForSums is { } forSums ? new PayloadDecoder(forSums, layout) : null;
        wholeDecoder = new PayloadDecoder(Whole, layout);
        (values, next) = (new float[layout.Length], new float[layout.Length]);
    }

    /// <summary>The codec of a whole model: 32-bit floats.</summary>
    public static Codec Whole { get; } = Codec.Parse("pack");

    /// <summary>The version that <see cref="Values"/> has; null before the first.</summary>
    public int? Version { get; private set; }

    /// <summary>The model, in the order of the layout.</summary>
    public ReadOnlyMemory<float> Values => values;

    /// <summary>Takes one segment.</summary>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule, or does not follow the version at hand; the copy is as it was.</exception>
    public void Apply(SegmentKind kind, int from, int to, ReadOnlyMemory<byte> payload)
    {
        bool needsReference = kind == SegmentKind.Sum || (kind == SegmentKind.Version && downlink.UsesReference);
        if (needsReference && Version != from)
            throw new InvalidPayloadException($"The payload leads from version {from} to {to}, but the model at hand is {(Version is { } at ? $"version {at}" : "none")}.");
        var (reader, draws) = kind switch
        {
            SegmentKind.Version => (decoder, key.Fold((ulong)to)),
            SegmentKind.Sum when sumDecoder is not null => (sumDecoder, default),
            SegmentKind.Whole => (wholeDecoder, default),
            _ => throw new InvalidPayloadException($"A payload of kind {kind} is not of the downlink '{downlink}'."),
        };
        reader.Decode(payload, next, draws, needsReference ? values : default(ReadOnlyMemory<float>));
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

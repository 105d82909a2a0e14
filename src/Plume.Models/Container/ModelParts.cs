using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Models.Container;

/// <summary>
/// A model taken apart for a .plume file: what goes through the codec, and what stays as it is. The model itself is no longer
/// needed.
/// </summary>
/// <param name="Weights">What goes through the codec.</param>
/// <param name="Graph">The rest of the model's file, packed; empty for weights alone.</param>
/// <param name="Source">What the rest is of.</param>
/// <param name="Integers">The integer weights of a quantized model, coded; null where there are none.</param>
public sealed record ModelParts(ModelWeights Weights, ReadOnlyMemory<byte> Graph, PlumeSource Source, PlumeFile? Integers)
{
    /// <summary>Codes the weights.</summary>
    /// <param name="codec">The codec that the model was taken apart for.</param>
    /// <param name="reference">The model that a codec with <c>delta</c> takes the difference from; null for others.</param>
    /// <exception cref="ArgumentException">The codec has feedback, or the reference is missing or has another layout.</exception>
    public PlumeFile Encode(Codec codec, ModelWeights? reference = null)
    {
        ArgumentNullException.ThrowIfNull(codec);
        if (codec.Remembers)
            throw new ArgumentException(
                $"Codec '{codec}' has feedback, but a file is made once and nothing is sent later; leave 'feedback' out.",
                nameof(codec));
        if (codec.UsesReference && (reference is null || !reference.Layout.Equals(Weights.Layout)))
            throw new ArgumentException($"Codec '{codec}' has delta, which needs a reference model of the same tensors.",
                nameof(reference));
        var values = codec.UsesReference ? reference!.Values : [];
        var key = RandomKey.FromSeed(PlumeFile.HashOf(Weights.Values));
        // The encoder is not used again, so that what it wrote stays.
        var payload = new PayloadEncoder(codec, Weights.Layout).Encode(Weights.Values, key, reference: values);
        return new PlumeFile(codec, Weights.Layout, payload, key.Value)
        {
            ReferenceHash = codec.UsesReference ? PlumeFile.HashOf(values) : 0,
            Graph = Graph,
            Source = Source,
            Integers = Integers,
        };
    }
}

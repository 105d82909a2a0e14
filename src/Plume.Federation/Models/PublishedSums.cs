using Plume.Compression.Codecs;
using Plume.Compression.Weights;

namespace Plume.Federation.Models;

/// <summary>The difference between any two published models in one payload, where it decodes to the newer one to the bit.</summary>
sealed class PublishedSums(Codec codec, ModelLayout layout, int threads)
{
    /// <summary>Parts of a step to which version 0 is rounded: fine enough to do no harm, coarse enough that 24 bits hold every weight.</summary>
    const int Parts = 256;

    readonly PayloadEncoder encoder = new(codec, layout) { Parallelism = threads };
    readonly PayloadDecoder decoder = new(codec, layout) { Parallelism = threads };
    readonly float[] decoded = new float[layout.Length];

    /// <summary>The payload that leads from the older model to the newer; null where it would not lead to the same bits.</summary>
    public byte[]? Encode(float[] older, float[] newer)
    {
        var payload = encoder.Encode(newer, default, reference: older);
        decoder.Decode(payload, decoded, default, older);
        return decoded.AsSpan().SequenceEqual(newer) ? payload.ToArray() : null;
    }

    /// <summary>Rounds values to multiples of a small part of the step, so that they and steps add up exactly.</summary>
    public static void Align(Span<float> values, float step)
    {
        float part = step / Parts;
        foreach (ref float value in values)
            value = MathF.Round(value / part) * part;
    }
}

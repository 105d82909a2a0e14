using System.Numerics.Tensors;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Methods;

namespace Plume.Federation.Models;

/// <summary>
/// The difference between any two published models in one payload, where it decodes to the newer one to the bit.
/// </summary>
sealed class PublishedSums(MessageShape shape, int threads)
{
    /// <summary>
    /// Parts of a step to which version 0 is rounded: fine enough to do no harm, coarse enough that 24 bits hold every weight.
    /// </summary>
    const int Parts = 256;

    /// <summary>
    /// Most bits that the largest of version 0 has where steps are not known beforehand: two are for what it grows to.
    /// </summary>
    const int Bits = 22;

    /// <summary>
    /// Parts of the root mean square of the weakest tensor to which version 0 is rounded there: as good as eight bits for
    /// each weight, and what those that join have to download.
    /// </summary>
    const int PartsOfWeakest = 64;

    readonly MessageEncoder encoder = new(shape, threads);
    readonly MessageDecoder decoder = new(shape, threads);
    readonly float[] decoded = new float[shape.Length];

    /// <summary>
    /// The payload that leads from the older model to the newer; null where it would not lead to the same bits.
    /// </summary>
    public byte[]? Encode(float[] older, float[] newer)
    {
        var payload = encoder.Encode(newer, default, reference: older);
        decoder.Decode(payload, decoded, default, older);
        return decoded.AsSpan().SequenceEqual(newer) ? payload.ToArray() : null;
    }

    /// <summary>
    /// Rounds each part's values to multiples of a small part of its step, so that they and steps add up exactly. A
    /// quantization's steps and small variances must not become zero, and stay: they are not added to, but travel whole.
    /// </summary>
    public static void Align(MessageShape shape, Span<float> values)
    {
        foreach (var part in shape.Parts)
        {
            float grid = part.Codec.SumStep is > 0 and var step ? step / Parts : GridOf(part.Layout, values);
            foreach (var tensor in part.Layout.Tensors.Where(tensor => tensor.Role != TensorRole.Step))
                Align(values.Slice(tensor.Offset, tensor.Length), IsAdded(tensor) ? grid : 0);
            values = values[part.Layout.Length..];
        }
    }

    // A power of two, so that all steps that are powers of two add up with it exactly, if no finer than 24 bits hold.
    static float GridOf(ModelLayout layout, ReadOnlySpan<float> values)
    {
        float largest = 0;
        double weakest = double.PositiveInfinity;
        foreach (var tensor in layout.Tensors.Where(tensor => tensor.Length > 0 && IsAdded(tensor)))
        {
            var own = values.Slice(tensor.Offset, tensor.Length);
            largest = Math.Max(largest, MathF.Abs(TensorPrimitives.MaxMagnitude(own)));
            double energy = Squares.Of(own);
            weakest = energy > 0 ? Math.Min(weakest, Math.Sqrt(energy / own.Length)) : weakest;
        }

        return largest > 0 ? MathF.ScaleB(1, Math.Max(-126,
            Math.Max(MathF.ILogB(largest) + 1 - Bits, Math.ILogB(weakest / PartsOfWeakest)))) : 0;
    }

    /// <summary>Whether versions of a tensor add up: running statistics and the steps of a quantization travel whole.</summary>
    public static bool IsAdded(TensorSpec tensor) => tensor.Role is not (TensorRole.Step or TensorRole.Statistic);

    // Of two zeros the one that decoders make.
    static void Align(Span<float> values, float grid)
    {
        foreach (ref float value in values)
            value = (grid == 0 ? value : MathF.Round(value / grid) * grid) + 0f;
    }
}

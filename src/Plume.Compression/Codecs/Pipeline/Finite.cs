using Plume.Compression.Kernels;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>Checks for NaN and infinity.</summary>
static class Finite
{
    /// <summary>Whether all values are finite.</summary>
    public static bool All(ReadOnlySpan<float> values) => Magnitudes.Largest(values) < Magnitudes.NotFinite;

    /// <exception cref="InvalidPayloadException">A decoded value is not finite.</exception>
    public static void Check(ReadOnlySpan<float> values, string tensor, int offset)
    {
        if (!All(values))
            throw InvalidPayloadException.Field(tensor, offset, "not finite", "must hold finite numbers only");
    }

    /// <exception cref="NotFiniteException">A value is not finite; the message names the tensor and the place in it.</exception>
    public static void Check(ReadOnlySpan<float> values, ModelLayout layout, string parameter)
    {
        if (All(values))
            return;
        foreach (var tensor in layout.Tensors)
        {
            var slice = values.Slice(tensor.Offset, tensor.Length);
            for (int i = 0; i < slice.Length; i++)
            {
                if (!float.IsFinite(slice[i]))
                    throw new NotFiniteException(
                        $"An update must be finite, but value {i} of tensor '{tensor.Name}' is {slice[i]}. Local training "
                            + $"diverged: lower the learning rate, or leave this client out of the round.", parameter);
            }
        }
    }
}

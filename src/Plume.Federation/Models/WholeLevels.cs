using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Federation.Models;

/// <summary>
/// A whole model for one that has none, to the bit and in fewer bytes than its floats: what is published by a codec for sums are
/// multiples of a power of two, which are coded as digits, the coarsest first.
/// </summary>
/// <remarks>
/// A digit is a payload of <see cref="Layer"/>, a number of six bits or so for each value: nearly all of its code is what it
/// says, where one code for the whole number would spend as much again on how long it is. Bytes: about the bits between the
/// largest value and the common grid, less where most values are small. Without loss, so that whoever comes by it stands where
/// all others do, and no version needs to know of it.
/// </remarks>
sealed class WholeLevels
{
    const int DigitBits = 6;
    const int MostDigits = 5;
    const int SmallestExponent = -126;

    readonly MessageEncoder encoder;
    readonly MessageDecoder decoder;
    readonly MessageShape shape;
    readonly float[] digit;

    /// <summary>Of what is published.</summary>
    public WholeLevels(MessageShape shape, int threads = 1)
    {
        this.shape = shape;
        var layers = shape.With(part => part.Codec.KeepsLevels ? part.Codec : Layer);
        encoder = new MessageEncoder(layers, threads);
        decoder = new MessageDecoder(layers, threads);
        digit = new float[shape.Length];
    }

    /// <summary>The codec of one digit.</summary>
    public static Codec Layer { get; } = Codec.Parse("deadzone(grid, exact) | rans");

    /// <summary>The payload; null where the values are no multiples of a grid that so many digits reach.</summary>
    public byte[]? Encode(ReadOnlySpan<float> values)
    {
        float[] rest = [.. values];
        float largest = LargestDigits(rest);
        int exponent = (largest > 0 ? MathF.ILogB(largest) : 0) + 2;
        var payloads = new List<byte[]>();
        do
        {
            if (payloads.Count == MostDigits)
                return null;
            exponent = Math.Max(SmallestExponent, exponent - DigitBits);
            TakeDigit(rest, MathF.ScaleB(1, exponent));
            payloads.Add(encoder.Encode(digit, default).ToArray());
        }
        while (rest.AsSpan().ContainsAnyExcept(0));

        byte[] payload = Joined(payloads);
        var decoded = new float[values.Length];
        Decode(payload, decoded);
        return decoded.AsSpan().SequenceEqual(values) ? payload : null;
    }

    /// <summary>Reads a payload.</summary>
    /// <param name="payload">As <see cref="Encode"/> made it.</param>
    /// <param name="values">All that was published.</param>
    /// <exception cref="InvalidPayloadException">It breaks a rule.</exception>
    public void Decode(ReadOnlyMemory<byte> payload, Memory<float> values)
    {
        var reader = new PayloadReader(payload.Span);
        int digits = reader.Varint("digits", 1, MostDigits);
        values.Span.Clear();
        for (int read = 0; read < digits; read++)
        {
            int length = reader.Varint("length of a digit", 0, int.MaxValue);
            int start = reader.Offset;
            reader.Bytes(length, "digit");
            decoder.Decode(payload.Slice(start, length), digit, default);
            TensorPrimitives.Add(values.Span, digit, values.Span);
        }

        reader.End("digits");
        if (!float.IsFinite(TensorPrimitives.MaxMagnitude<float>(values.Span)))
            throw new InvalidPayloadException("The digits of a whole model add up to values that are no numbers.");
    }

    // What has no digits goes into the first as it is: whole levels by their own codec, and what no codec quantizes.
    void TakeDigit(Span<float> rest, float grid)
    {
        int start = 0;
        foreach (var (part, tensor) in Tensors())
        {
            var left = rest.Slice(start, tensor.Length);
            var taken = digit.AsSpan(start, tensor.Length);
            for (int place = 0; place < left.Length; place++)
            {
                taken[place] = !HasDigits(part, tensor) ? left[place] : MathF.Round(left[place] / grid) * grid;
                left[place] -= taken[place];
            }

            start += tensor.Length;
        }
    }

    float LargestDigits(ReadOnlySpan<float> values)
    {
        float largest = 0;
        int start = 0;
        foreach (var (part, tensor) in Tensors())
        {
            if (HasDigits(part, tensor) && tensor.Length > 0)
                largest = Math.Max(largest, MathF.Abs(TensorPrimitives.MaxMagnitude(values.Slice(start, tensor.Length))));
            start += tensor.Length;
        }

        return largest;
    }

    IEnumerable<(MessagePart Part, TensorSpec Tensor)> Tensors() =>
        shape.Parts.SelectMany(part => part.Layout.Tensors.Select(tensor => (part, tensor)));

    static bool HasDigits(MessagePart part, TensorSpec tensor) =>
        !part.Codec.KeepsLevels && PublishedSums.IsAdded(tensor);

    static byte[] Joined(List<byte[]> payloads)
    {
        var writer = new PayloadWriter();
        writer.Varint(payloads.Count);
        foreach (byte[] payload in payloads)
        {
            writer.Varint(payload.Length);
            writer.Bytes(payload);
        }

        return writer.Written.ToArray();
    }
}

using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Messages;

/// <summary>
/// Turns messages of one shape into payloads. A message of one part is that part's payload; one of several is each part's payload
/// after its length, in order. One caller at a time.
/// </summary>
public sealed class MessageEncoder
{
    // Most that the length of a part takes, which stands before it.
    const int LengthBytes = 5;

    readonly MessageShape shape;
    readonly PayloadEncoder[] encoders;
    readonly PayloadWriter output = new();

    /// <summary>An encoder for a shape.</summary>
    /// <param name="shape">What the messages are made of.</param>
    /// <param name="threads">Threads that work on one message; the bytes do not depend on it.</param>
    public MessageEncoder(MessageShape shape, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(shape);
        this.shape = shape;
        encoders = [.. shape.Parts.Select(part => new PayloadEncoder(part.Codec, part.Layout) { Parallelism = threads })];
    }

    /// <summary>Whether a part of the message encoded last had a larger norm than a clip of its codec lets pass.</summary>
    public bool HasClipped => Array.Exists(encoders, static encoder => encoder.HasClipped);

    /// <summary>Encodes a message, and leaves in <paramref name="memory"/> what its codecs dropped.</summary>
    /// <param name="values">All parts' values. Must be finite.</param>
    /// <param name="key">Where codecs draw from.</param>
    /// <param name="memory">All parts' residuals: <see cref="MessageShape.MemoryLength"/>, zeros at first. Void where a part is
    /// refused.</param>
    /// <param name="reference">What both ends hold, one value for each of the message; empty where no codec needs it.</param>
    /// <param name="rounding">What rounds values at random, where the key is shared with other senders.</param>
    /// <param name="step">The step of an <c>auto</c> in the codec of the first part; found by trying where null, and in other
    /// parts.</param>
    /// <param name="most">Bytes that an <c>auto</c> is to keep to, by a coarser step where its own takes more; of several parts each
    /// keeps to its share by its values. The coarsest may take more still.</param>
    /// <returns>The payload, valid until the next call.</returns>
    /// <exception cref="ArgumentException">A length is wrong, or a value is not finite.</exception>
    public ReadOnlyMemory<byte> Encode(ReadOnlyMemory<float> values, RandomKey key, Memory<float> memory = default,
        ReadOnlyMemory<float> reference = default, RandomKey? rounding = null, float? step = null, long? most = null)
    {
        if (values.Length != shape.Length || memory.Length != shape.MemoryLength)
            throw new ArgumentException(
                $"The message has {shape.Length} values and keeps {shape.MemoryLength} floats of residual, but {values.Length} "
                    + $"and {memory.Length} were given.", nameof(values));
        if (encoders.Length == 1)
            return encoders[0].Encode(values, key, memory, reference, rounding, step, most);
        output.Clear();
        int kept = 0;
        foreach (var part in MessagePlaces.Of(shape, key, reference))
        {
            var (_, layout, codec) = shape.Parts[part.Index];
            var residual = memory.Slice(kept, codec.MemoryLength(layout));
            var payload = encoders[part.Index].Encode(values.Slice(part.Offset, part.Length), part.Key, residual, part.Reference,
                rounding?.Fold((ulong)part.Index), part.Index == 0 ? step : null, most is null ? null
                    : (long)((double)most.Value * part.Length / shape.Length) - LengthBytes);
            kept += residual.Length;
            output.Varint(payload.Length);
            output.Bytes(payload.Span);
        }

        return output.Written;
    }
}

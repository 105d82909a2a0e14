using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Messages;

/// <summary>
/// Reads messages of one shape, from senders it does not trust: all parts are read to their ends before any of them takes effect.
/// One caller at a time.
/// </summary>
public sealed class MessageDecoder
{
    readonly MessageShape shape;
    readonly PayloadDecoder[] decoders;
    readonly float[] scratch;

    /// <summary>A decoder for a shape.</summary>
    /// <param name="shape">What the messages are made of.</param>
    /// <param name="threads">Threads that work on one message; the values do not depend on it.</param>
    public MessageDecoder(MessageShape shape, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(shape);
        this.shape = shape;
        decoders = [.. shape.Parts.Select(part => new PayloadDecoder(part.Codec, part.Layout) { Parallelism = threads })];
        scratch = new float[decoders.Length > 1 ? shape.Length : 0];
    }

    /// <summary>Writes the decoded values of all parts; they are untouched when the payload is refused.</summary>
    /// <param name="payload">What an encoder of the same shape returned.</param>
    /// <param name="values">Receives <see cref="MessageShape.Length"/> values.</param>
    /// <param name="key">The key it was encoded with.</param>
    /// <param name="reference">As the encoder had it.</param>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule.</exception>
    public void Decode(ReadOnlyMemory<byte> payload, Memory<float> values, RandomKey key,
        ReadOnlyMemory<float> reference = default)
    {
        if (decoders.Length == 1)
        {
            decoders[0].Decode(payload, values, key, reference);
            return;
        }

        var pieces = Cut(payload);
        foreach (var part in MessagePlaces.Of(shape, key, reference))
            decoders[part.Index].Decode(pieces[part.Index], scratch.AsMemory(part.Offset, part.Length), part.Key, part.Reference);
        scratch.CopyTo(values);
    }

    /// <summary>
    /// Adds weight * decoded values to a sum. A message whose norm is far above the usual one is scaled down to the usual one.
    /// </summary>
    /// <param name="payload">What an encoder of the same shape returned.</param>
    /// <param name="sum">As long as the message; untouched when the payload is refused.</param>
    /// <param name="weight">The message's weight, at least 0.</param>
    /// <param name="key">The key it was encoded with.</param>
    /// <param name="reference">As the encoder had it.</param>
    /// <param name="usualNorm">The Euclidean norm that messages usually have, all parts together.</param>
    /// <param name="normFactor">How many times that one may have.</param>
    /// <returns>The Euclidean norm of all its values, before they are weighted or scaled.</returns>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule, or a value is beyond the sum's limit.</exception>
    /// <exception cref="ArgumentException">The sum's length, the weight or a norm is wrong.</exception>
    public double AddTo(ReadOnlyMemory<byte> payload, ExactSum sum, double weight, RandomKey key,
        ReadOnlyMemory<float> reference = default, double usualNorm = double.PositiveInfinity, double normFactor = 1)
    {
        ArgumentNullException.ThrowIfNull(sum);
        if (decoders.Length == 1)
            return decoders[0].AddTo(payload, sum, weight, key, reference, usualNorm, normFactor);
        if (sum.Length != shape.Length)
            throw new ArgumentException($"The message has {shape.Length} values, but the sum has {sum.Length}.", nameof(sum));
        PayloadDecoder.CheckWeight(weight, usualNorm, normFactor);
        var pieces = Cut(payload);
        foreach (var part in MessagePlaces.Of(shape, key, reference))
            decoders[part.Index].Check(pieces[part.Index], sum, weight, part.Key, part.Reference);
        double norm = Math.Sqrt(AddParts(pieces, sum, weight, key));
        if (norm > normFactor * usualNorm)
        {
            AddParts(pieces, sum, -weight, key);
            AddParts(pieces, sum, weight * (usualNorm / norm), key);
        }

        return norm;
    }

    /// <summary>Bits that each tensor's values take in a payload, part after part.</summary>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule.</exception>
    public IReadOnlyList<long> MeasureTensors(ReadOnlyMemory<byte> payload, RandomKey key = default,
        ReadOnlyMemory<float> reference = default)
    {
        if (decoders.Length == 1)
            return decoders[0].MeasureTensors(payload, key, reference);
        var pieces = Cut(payload);
        return [.. MessagePlaces.Of(shape, key, reference)
            .SelectMany(part => decoders[part.Index].MeasureTensors(pieces[part.Index], part.Key, part.Reference))];
    }

    double AddParts(ReadOnlyMemory<byte>[] pieces, ExactSum sum, double weight, RandomKey key)
    {
        double squares = 0;
        foreach (var part in MessagePlaces.Of(shape, key))
            squares += decoders[part.Index].AddChecked(pieces[part.Index], sum.Slice(part.Offset, part.Length), weight, part.Key);
        return squares;
    }

    ReadOnlyMemory<byte>[] Cut(ReadOnlyMemory<byte> payload)
    {
        var input = new PayloadReader(payload.Span);
        var pieces = new ReadOnlyMemory<byte>[decoders.Length];
        for (int i = 0; i < pieces.Length; i++)
        {
            int length = input.Varint($"length of '{shape.Parts[i].Name}'", 0, int.MaxValue);
            int start = input.Offset;
            input.Bytes(length, shape.Parts[i].Name);
            pieces[i] = payload.Slice(start, length);
        }

        input.End("message");
        return pieces;
    }
}

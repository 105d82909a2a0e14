using System.Numerics.Tensors;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;
using Plume.Protocol.Flower;

namespace Plume.Server.Flower.Messages;

/// <summary>
/// Makes updates of the models that Flower clients send back. Works on one at a time, in memory of one model's size that it
/// keeps: a client's arrays are there already when they are looked at, and all that is made of them is one payload.
/// </summary>
sealed class FlowerUpdates(ModelLayout layout)
{
    /// <summary>Room for each array's header, and for everything in a message that is not an array.</summary>
    const long ArrayHeader = 1024, Rest = 64 * 1024;

    readonly Lock access = new();
    readonly PayloadEncoder encoder = new(FlowerUpdate.Codec, layout);
    readonly float[] values = new float[layout.Length];

    /// <summary>Most bytes of a message from a client: the model as doubles, with headers.</summary>
    public int LargestMessage { get; } =
        (int)Math.Min(int.MaxValue, sizeof(double) * (long)layout.Length + ArrayHeader * layout.Tensors.Count + Rest);

    /// <summary>The difference from the received model, as a payload of <see cref="FlowerUpdate.Codec"/>.</summary>
    /// <param name="trained">What the client sent.</param>
    /// <param name="received">What it had been sent.</param>
    /// <returns>A payload of its own.</returns>
    /// <exception cref="InvalidPayloadException">It is not one array of floats for each tensor, each of its tensor's
    /// shape.</exception>
    /// <exception cref="NotFiniteNumberException">A value is NaN or infinite, or has changed beyond a float's range.</exception>
    public byte[] Encode(Parameters? trained, ReadOnlyMemory<float> received)
    {
        var arrays = ArraysOf(trained);
        lock (access)
        {
            for (int i = 0; i < arrays.Count; i++)
                Read(arrays[i].Span, i);
            TensorPrimitives.Subtract(values, received.Span, values);
            CheckFinite();
            return encoder.Encode(values, default).ToArray();
        }
    }

    RepeatedField<ByteString> ArraysOf(Parameters? trained)
    {
        if (trained is null)
            throw new InvalidPayloadException("The answer has no parameters: fit must return the trained model.");
        if (trained.TensorType != FlowerModels.ArrayType)
            throw new InvalidPayloadException(
                $"The parameters must be of the type '{FlowerModels.ArrayType}', but are of "
                    + $"'{FlowerAnswers.Plain(trained.TensorType)}'.");
        if (trained.Tensors.Count != layout.Tensors.Count)
            throw new InvalidPayloadException(
                $"The model has {layout.Tensors.Count} tensors, but {trained.Tensors.Count} arrays were sent: send one for "
                    + $"each, in the order received.");
        return trained.Tensors;
    }

    void Read(ReadOnlySpan<byte> file, int index)
    {
        var tensor = layout.Tensors[index];
        try
        {
            NpyFile.ReadInto(file, tensor.Shape, values.AsSpan(tensor.Offset, tensor.Length));
        }
        catch (InvalidPayloadException refusal)
        {
            throw new InvalidPayloadException($"Array {index} is not tensor {tensor} of the model. {refusal.Message}", refusal);
        }
    }

    void CheckFinite()
    {
        foreach (var tensor in layout.Tensors)
        {
            if (!TensorPrimitives.IsFiniteAll<float>(values.AsSpan(tensor.Offset, tensor.Length)))
                throw new NotFiniteNumberException(
                    $"The change of tensor {tensor} must be finite, but is not: local training diverged. Lower the learning rate.");
        }
    }
}

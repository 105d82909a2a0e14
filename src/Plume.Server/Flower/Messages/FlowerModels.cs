using Google.Protobuf;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Protocol.Flower;

namespace Plume.Server.Flower.Messages;

/// <summary>
/// Models as Flower clients take them: one .npy file for each tensor. Made once for each version, not for each client.
/// </summary>
sealed class FlowerModels(ModelLayout layout)
{
    /// <summary>What Flower calls parameters that are .npy files.</summary>
    public const string ArrayType = "numpy.ndarray";

    readonly Lock access = new();
    Parameters? newest;
    int version = -1;

    /// <summary>The model of a task.</summary>
    public Parameters Of(FlowerTask task)
    {
        lock (access)
        {
            if (newest is null || version != task.ModelVersion)
                (newest, version) = (Make(task.Model.Span), task.ModelVersion);
            return newest;
        }
    }

    Parameters Make(ReadOnlySpan<float> model)
    {
        var parameters = new Parameters { TensorType = ArrayType };
        foreach (var tensor in layout.Tensors)
        {
            byte[] file = NpyFile.Serialize(model.Slice(tensor.Offset, tensor.Length), [.. tensor.Shape]);
            parameters.Tensors.Add(UnsafeByteOperations.UnsafeWrap(file));
        }

        return parameters;
    }
}

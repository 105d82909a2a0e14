using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>What a model is read from: its message, the files beside it, and values that came another way.</summary>
/// <param name="opsets">The operator sets that the model names.</param>
/// <param name="taken">Names that no tensor of a subgraph may get.</param>
/// <param name="beside">The folder that the file lies in; null where it lies nowhere, and nothing can stand beside it.</param>
/// <param name="values">Values for tensors that the message has without; null where it has all.</param>
sealed class ModelSource(IReadOnlyDictionary<string, int> opsets, IEnumerable<string> taken, ExternalData? beside,
    ModelWeights? values)
{
    readonly FreeNames names = new(taken);
    readonly Dictionary<string, TensorSpec> waiting =
        values?.Layout.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal) ?? [];

    public IReadOnlyDictionary<string, int> Opsets => opsets;

    /// <summary>Tensors that stand inside of subgraphs.</summary>
    public List<Initializer> Inner { get; private set; } = [];

    /// <summary>What is in <see cref="Inner"/>, which is then empty.</summary>
    public IReadOnlyList<Initializer> TakeInner()
    {
        var inner = Inner;
        Inner = [];
        return inner;
    }

    /// <summary>The first tensor for which there are values and no place; null where there is none.</summary>
    public string? Unplaced => waiting.Keys.FirstOrDefault();

    /// <summary>The name itself where it is free, else with the first number that makes it so.</summary>
    public string FreeName(string name) => names.Take(name);

    /// <summary>The bytes of a tensor whose values came another way; null for others.</summary>
    public ReadOnlyMemory<byte>? FindValues(string name, ElementType type, int[] shape, string place)
    {
        if (!waiting.Remove(name, out var tensor))
            return null;
        if (type.ToFloatFormat() is not { } format || !tensor.Shape.SequenceEqual(shape))
            throw new InvalidPayloadException(
                $"ONNX {place} is {type} [{string.Join(", ", shape)}], but its values are floats of shape "
                    + $"[{string.Join(", ", tensor.Shape)}].");
        return format == FloatFormat.F32 ? new FloatBytes(values!.Values.AsMemory(tensor.Offset, tensor.Length)).Memory
            : FloatFormats.Write(values![tensor], format);
    }

    /// <summary>The bytes of a tensor that another file holds.</summary>
    public ReadOnlyMemory<byte> ReadOutside(TensorProto tensor, long bytes, string place) => beside is not null
        ? beside.Read(tensor, bytes, place)
        : throw ModelReader.Broken($"{place}, data_location", "another file", "must be this file; save the model as one file");
}

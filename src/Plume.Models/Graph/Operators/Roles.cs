using Plume.Compression.Weights;

namespace Plume.Models.Graph.Operators;

/// <summary>Roles of tensors by the slots that read them.</summary>
static class Roles
{
    /// <summary>ONNX Runtime's product with a weight in blocks of 4 bits.</summary>
    public const string BlockProduct = "com.microsoft.MatMulNBits";

    /// <summary>A role for each slot; null where a slot reads no weight.</summary>
    public static RoleRule Of(params TensorRole?[] slots) => (_, _, slot, _) => slot < slots.Length ? slots[slot] : null;

    /// <summary>A vector that is added to a product is a bias; a mask or a table is a constant.</summary>
    public static TensorRole? Added(ModelGraph graph, Node node, int slot, Initializer tensor) =>
        IsVector(tensor) && node.Inputs.Any(input => graph.ProducerOf(input) is { } other
            && (Catalogue.Find(other) is { IsProduct: true } || other.OpType == BlockProduct)) ? TensorRole.Bias : null;

    static bool IsVector(Initializer tensor) => tensor.Shape.Count > 0 && tensor.Shape.Count(length => length != 1) <= 1;
}

using Plume.Models.Graph;

namespace Plume.Models.Quantize.Plan;

/// <summary>What quantization makes of each operator.</summary>
static class OperatorKinds
{
    // ONNX Runtime has integer kernels for these between quantized values.
    static readonly HashSet<string> Integer = ["Add", "Mul", "GlobalAveragePool", "AveragePool", "Concat", "LeakyRelu", "Sigmoid"];
    static readonly HashSet<string> Rearranging = ["MaxPool", "Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze"];
    static readonly HashSet<string> Idle = ["Identity", "Dropout"];
    static readonly HashSet<string> Bounding = ["Relu", "Clip"];

    /// <summary>A product with a weight: what quantization is for.</summary>
    public static bool IsLayer(Node node) => node.OpType is "Conv" or "Gemm" or "MatMul";

    /// <summary>Works on integers where all that it reads and writes is quantized.</summary>
    public static bool IsInteger(Node node) => Integer.Contains(node.OpType);

    /// <summary>Gives back some of the values it was given, so the levels stay the same.</summary>
    public static bool IsRearranging(Node node) => Rearranging.Contains(node.OpType) && HasOneOutput(node);

    /// <summary>Does nothing at inference.</summary>
    public static bool IsIdle(Node node) => Idle.Contains(node.OpType) && HasOneOutput(node);

    /// <summary>Levels pass through it.</summary>
    public static bool IsPassing(Node node) => IsRearranging(node) || IsIdle(node);

    /// <summary>Belongs to the node before it: what stands between is not quantized, what it writes is.</summary>
    public static bool IsAttached(Node node) => Bounding.Contains(node.OpType) || (node.OpType == "BatchNormalization" && HasOneOutput(node));

    /// <summary>Turns a classifier's scores into its answer.</summary>
    public static bool IsAnswer(Node node) => node.OpType is "Softmax" or "LogSoftmax" or "Sigmoid";

    static bool HasOneOutput(Node node) => node.Outputs.Skip(1).All(output => output.Length == 0);
}

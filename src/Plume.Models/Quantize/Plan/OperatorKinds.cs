using Plume.Models.Graph;
using Plume.Models.Graph.Operators;

namespace Plume.Models.Quantize.Plan;

/// <summary>What quantization makes of each operator.</summary>
static class OperatorKinds
{
    /// <summary>A product with a weight: what quantization is for.</summary>
    public static bool IsLayer(Node node) => Is(node, QuantizationKind.Layer);

    /// <summary>Works on integers where all that it reads and writes is quantized.</summary>
    public static bool IsInteger(Node node) => Is(node, QuantizationKind.Integer);

    /// <summary>Gives back some of the values it was given, so the levels stay the same.</summary>
    public static bool IsRearranging(Node node) => Is(node, QuantizationKind.Rearranging) && HasOneOutput(node);

    /// <summary>Does nothing at inference.</summary>
    public static bool IsIdle(Node node) => Is(node, QuantizationKind.Idle) && HasOneOutput(node);

    /// <summary>Levels pass through it.</summary>
    public static bool IsPassing(Node node) => IsRearranging(node) || IsIdle(node);

    /// <summary>Belongs to the node before it: what stands between is not quantized, what it writes is.</summary>
    public static bool IsAttached(Node node) => Is(node, QuantizationKind.Attached) && HasOneOutput(node);

    /// <summary>Turns a classifier's scores into its answer.</summary>
    public static bool IsAnswer(Node node) => Catalogue.Find(node) is { IsAnswer: true };

    static bool Is(Node node, QuantizationKind kind) => Catalogue.Find(node)?.Quantization == kind;

    static bool HasOneOutput(Node node) => node.Outputs.Skip(1).All(output => output.Length == 0);
}

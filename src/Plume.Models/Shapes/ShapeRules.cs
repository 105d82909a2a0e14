using Plume.Models.Graph;

namespace Plume.Models.Shapes;

/// <summary>From the inputs of a node to the shape of its output.</summary>
delegate IReadOnlyList<Dimension> ShapeRule(NodeInputs inputs);

/// <summary>The shape rule of each operator.</summary>
static class ShapeRules
{
    public static Dictionary<string, ShapeRule> ByOperator { get; } = new(StringComparer.Ordinal)
    {
        ["Conv"] = SpatialRules.Conv,
        ["MaxPool"] = SpatialRules.Pool,
        ["AveragePool"] = SpatialRules.Pool,
        ["GlobalAveragePool"] = SpatialRules.GlobalPool,
        ["GlobalMaxPool"] = SpatialRules.GlobalPool,
        ["BatchNormalization"] = SpatialRules.BatchNormalization,
        ["Gemm"] = ProductRules.Gemm,
        ["MatMul"] = ProductRules.MatMul,
        ["Add"] = Broadcast,
        ["Sub"] = Broadcast,
        ["Mul"] = Broadcast,
        ["Div"] = Broadcast,
        ["Pow"] = Broadcast,
        ["Relu"] = Unchanged,
        ["LeakyRelu"] = Unchanged,
        ["Sigmoid"] = Unchanged,
        ["Tanh"] = Unchanged,
        ["Sqrt"] = Unchanged,
        ["Exp"] = Unchanged,
        ["Neg"] = Unchanged,
        ["Erf"] = Unchanged,
        ["Clip"] = Unchanged,
        ["Softmax"] = Unchanged,
        ["LogSoftmax"] = Unchanged,
        ["Identity"] = Unchanged,
        ["Dropout"] = Unchanged,
        ["Cast"] = Unchanged,
        ["QuantizeLinear"] = Unchanged,
        ["DequantizeLinear"] = Unchanged,
        [FakeQuantizer.OpType] = QuantizationRules.FakeQuantize,
        ["Constant"] = ArrangementRules.Constant,
        ["Flatten"] = ArrangementRules.Flatten,
        ["Reshape"] = ReshapeRule.Reshape,
        ["Transpose"] = ArrangementRules.Transpose,
        ["Concat"] = ArrangementRules.Concat,
        ["Squeeze"] = ArrangementRules.Squeeze,
        ["Unsqueeze"] = ArrangementRules.Unsqueeze,
        ["ReduceMean"] = ArrangementRules.ReduceMean,
        ["Gather"] = ArrangementRules.Gather,
        ["Shape"] = inputs => [NumberRules.Slice(inputs).Length],
    };

    /// <summary>Two shapes stretched to each other from the back: a length of 1 takes that of the other.</summary>
    internal static IReadOnlyList<Dimension> Broadcast(NodeInputs inputs, IReadOnlyList<Dimension> left, IReadOnlyList<Dimension> right)
    {
        var shape = new Dimension[Math.Max(left.Count, right.Count)];
        for (int back = 1; back <= shape.Length; back++)
        {
            Dimension a = back <= left.Count ? left[^back] : 1, b = back <= right.Count ? right[^back] : 1;
            shape[^back] = a == 1 ? b : b == 1 ? a : inputs.Same(a, b, $"dimensions {-back} of both inputs");
        }

        return shape;
    }

    static IReadOnlyList<Dimension> Broadcast(NodeInputs inputs) => Broadcast(inputs, inputs.Shape(0), inputs.Shape(1));

    static IReadOnlyList<Dimension> Unchanged(NodeInputs inputs) => inputs.Shape(0);
}

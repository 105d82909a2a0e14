using Plume.Models.Graph;
using Plume.Models.Quantize.Plan;

namespace Plume.Models.Quantize;

/// <summary>
/// Weights that a graph makes of its constants each time it is run: transposed, cast, or handed on under another name, as
/// exporters write them. They are found here, computed by whoever can run a graph, and put in their places.
/// </summary>
public static class ConstantWeights
{
    // None makes more values than it is given.
    static readonly HashSet<string> Arranging =
        ["Constant", "Identity", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast"];

    /// <summary>A graph without inputs whose outputs are these weights, each under its name; null where there are none.</summary>
    public static ModelGraph? Program(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var constant = graph.Initializers.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var made = new List<Node>();
        foreach (var node in graph.Nodes.Where(node => Arranging.Contains(node.OpType) && node.Outputs.Count == 1
            && node.Inputs.All(input => input.Length > 0 && constant.Contains(input))))
        {
            constant.Add(node.Outputs[0]);
            made.Add(node);
        }

        string[] wanted = [.. graph.Nodes.Where(node => OperatorKinds.IsLayer(node) || node.OpType == "BatchNormalization")
            .SelectMany(node => node.Inputs.Skip(1))
                .Where(input => constant.Contains(input) && graph.FindInitializer(input) is null).Distinct()];
        if (wanted.Length == 0)
            return null;
        var values = wanted.Select(name => new ValueInfo(name, ElementType.Float, []) { HasShape = false });
        return graph.Replace(made, graph.Initializers, outputs: [.. values], inputs: []).WithoutUnread();
    }

    /// <summary>The graph with these tensors in place of the nodes that wrote them.</summary>
    public static ModelGraph Apply(ModelGraph graph, IReadOnlyList<Initializer> tensors)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(tensors);
        var made = tensors.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        Node[] nodes = [.. graph.Nodes.Where(node => !(node.Outputs.Count == 1 && made.Contains(node.Outputs[0])))];
        return graph.Replace(nodes, [.. graph.Initializers, .. tensors]).WithoutUnread();
    }
}

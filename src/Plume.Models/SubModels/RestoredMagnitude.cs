using Plume.Models.Graph;
using Plume.Models.Graph.Operators;
using Plume.Models.Graph.Shapes;

namespace Plume.Models.SubModels;

/// <summary>
/// Multiplies the outputs of layers that lost channels by how many times as many there were: the layer behind sums over fewer,
/// and its sum is then as large as in the larger model.
/// </summary>
/// <remarks>
/// After the bias and before any normalization, as HeteroFL's scaler. A depthwise convolution takes this from what it reads.
/// </remarks>
static class RestoredMagnitude
{
    public static ModelGraph Of(ModelGraph whole, ModelGraph smaller)
    {
        var before = ShapeInference.Of(whole);
        var after = ShapeInference.Of(smaller);
        var names = new FreeNames(smaller);
        var readers = smaller.Readers();
        var nodes = new List<Node>();
        var factors = new List<Initializer>();
        var due = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var node in smaller.Nodes)
        {
            string output = node.Outputs[0];
            if (IsLayer(smaller, node) && Factor(before[output], after[output], node) is not 1 and var factor)
                due.Add(BiasBehind(smaller, readers, output) ?? output, factor);
            if (!due.TryGetValue(output, out float times))
            {
                nodes.Add(node);
                continue;
            }

            string bare = names.Take($"{output}.bare"), number = names.Take($"{output}.times");
            factors.Add(Initializer.Of(number, [], [times]));
            nodes.Add(node with { Outputs = [bare, .. node.Outputs.Skip(1)] });
            nodes.Add(new Node($"{node.Name}.times", "Mul", [bare, number], [output]));
        }

        return smaller.Replace(nodes, [.. smaller.Initializers, .. factors]);
    }

    // A depthwise convolution sums over no channels.
    static bool IsLayer(ModelGraph graph, Node node) =>
        Catalogue.Find(node) is { IsProduct: true }
            && !(node.Int("group", 1) > 1 && graph.FindConstant(node.Inputs[1])?.Shape is [_, 1, ..]);

    static float Factor(IReadOnlyList<Dimension> before, IReadOnlyList<Dimension> after, Node node)
    {
        int axis = node.OpType == "MatMul" ? before.Count - 1 : 1;
        return (float)((double)before[axis].Length / after[axis].Length);
    }

    // A vector that is added to a product is its bias, as long as nothing stands between them.
    static string? BiasBehind(ModelGraph graph, ILookup<string, Node> readers, string output) =>
        readers[output].ToList() is [{ OpType: "Add" } add] && add.Inputs.Any(input => graph.FindInitializer(input) is not null)
            ? add.Outputs[0] : null;
}

using Plume.Models.Graph;
using Plume.Models.Graph.Shapes;

namespace Plume.Models.Onnx.Subgraphs;

/// <summary>
/// Puts the branch of each If whose condition follows from constants and shapes in the place of the If, as PyTorch's exporter
/// leaves them for <c>squeeze</c> and <c>view</c>; also of those inside of such a branch. Others stay.
/// </summary>
public static class TakenBranches
{
    /// <summary>The same function with fewer branches; the graph itself where no condition is known.</summary>
    /// <exception cref="Compression.Wire.InvalidPayloadException">A branch breaks a rule of the format.</exception>
    public static ModelGraph Of(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Nodes.Any(IsChoice) ? new Walk(graph).Apply() : graph;
    }

    static bool IsChoice(Node node) =>
        node.OpType == "If" && node.Attributes.GetValueOrDefault("then_branch") is SubgraphValue
            && node.Attributes.GetValueOrDefault("else_branch") is SubgraphValue;

    /// <summary>One walk along a graph.</summary>
    sealed class Walk
    {
        readonly ModelGraph graph;
        readonly ModelSource source;
        readonly KnownValues known = new();
        readonly Dictionary<string, Initializer> tensors;
        readonly List<Node> nodes = [];
        bool isChanged;

        public Walk(ModelGraph graph)
        {
            this.graph = graph;
            source = new ModelSource(new Dictionary<string, int>(graph.ExtensionOpsets) { [""] = graph.OpsetVersion },
                FreeNames.Taken(graph), beside: null, values: null);
            tensors = graph.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
            foreach (var input in graph.Inputs.Where(input => input.HasShape))
                known.Add(input);
            foreach (var tensor in graph.Initializers)
                known.Add(tensor);
        }

        public ModelGraph Apply()
        {
            // What is left to do, next first: nodes of a branch come before those behind it.
            var left = new Stack<Node>(graph.Nodes.Reverse());
            while (left.TryPop(out var node))
            {
                if (IsChoice(node) && Taken(node) is { } taken)
                {
                    isChanged = true;
                    foreach (var inner in taken.Nodes.Reverse())
                        left.Push(inner);
                    continue;
                }

                nodes.Add(node);
                known.TryAdd(node);
            }

            return isChanged ? graph.Replace(nodes, [.. tensors.Values]).WithoutUnread() : graph;
        }

        Inlined? Taken(Node node)
        {
            if (node.Input(0) is not { } condition || known.Numbers(condition) is not [{ Symbol: null, Value: var value }])
                return null;
            var branch = (SubgraphValue)node.Attributes[value != 0 ? "then_branch" : "else_branch"];
            var inlined = Inlined.Of(name => tensors[name], node, branch, source);
            if (inlined is null)
                return null;
            foreach (var (_, name) in node.Subgraphs.SelectMany(subgraph => subgraph.Tensors))
                tensors.Remove(name);
            foreach (var tensor in inlined.Tensors)
            {
                if (tensors.TryAdd(tensor.Name, tensor) && !known.Shapes.ContainsKey(tensor.Name))
                    known.Add(tensor);
            }

            return inlined;
        }
    }
}

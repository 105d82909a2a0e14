using Plume.Compression.Weights;
using Plume.Models.Operators;

namespace Plume.Models.Graph;

/// <summary>Tells which initializers of a graph are learned or measured, from the input slots that read them.</summary>
static class TensorRoles
{
    /// <summary>The role of each float initializer that a weight-bearing slot reads; the others are constants.</summary>
    public static Dictionary<string, TensorRole> Of(ModelGraph graph)
    {
        var sources = graph.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var roles = new Dictionary<string, TensorRole>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes)
        {
            var entry = Catalogue.Find(node);
            for (int slot = 0; slot < node.Inputs.Count; slot++)
            {
                if (node.Input(slot) is { } input && sources.GetValueOrDefault(input) is { ElementType: ElementType.Float } tensor
                    && entry?.Roles?.Invoke(graph, node, slot, tensor) is { } role)
                {
                    roles.TryAdd(tensor.Name, role);
                }
            }

            if (entry is { HandsOn: true } && node.Input(0) is { } handed && sources.TryGetValue(handed, out var source))
                sources[node.Outputs[0]] = source;
        }

        return roles;
    }
}

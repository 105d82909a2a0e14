namespace Plume.Models.Graph;

/// <summary>The rules that every graph keeps: each value has one origin, and nothing is read before it is written.</summary>
static class GraphRules
{
    /// <summary>The first rule that is broken, in words, or null.</summary>
    public static string? Violation(
        IReadOnlyList<ValueInfo> inputs, IReadOnlyList<ValueInfo> outputs, IReadOnlyList<Node> nodes,
        IReadOnlyList<Initializer> initializers)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (string name in inputs.Select(input => input.Name).Concat(initializers.Select(tensor => tensor.Name)))
        {
            if (name.Length == 0)
                return "An input or initializer of the graph has no name.";
            if (!known.Add(name))
                return $"The name '{name}' stands for two inputs or initializers of the graph.";
        }

        return nodes.Select(node => Violation(node, known, nodes)).FirstOrDefault(problem => problem is not null)
            ?? Violation(outputs, known);
    }

    static string? Violation(Node node, HashSet<string> known, IReadOnlyList<Node> nodes)
    {
        if (node.OpType.Length == 0)
            return $"The {node} has no operator.";
        foreach (string input in node.Reads)
        {
            if (!known.Contains(input))
                return nodes.Any(other => other.Outputs.Contains(input))
                    ? $"The {node} reads '{input}' before it is written: the nodes are not in topological order, or form a cycle."
                    : $"The {node} reads '{input}', which nothing writes.";
        }

        foreach (string output in node.Outputs.Where(output => output.Length > 0))
        {
            if (!known.Add(output))
                return $"The {node} writes '{output}', a name that is taken.";
        }

        return node.Outputs.Any(output => output.Length > 0) ? null : $"The {node} writes nothing.";
    }

    static string? Violation(IReadOnlyList<ValueInfo> outputs, HashSet<string> known)
    {
        if (outputs.Count == 0)
            return "The graph has no output.";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var output in outputs)
        {
            if (!known.Contains(output.Name))
                return $"Nothing writes the graph's output '{output.Name}'.";
            if (!seen.Add(output.Name))
                return $"The graph names its output '{output.Name}' twice.";
        }

        return null;
    }
}

namespace Plume.Models.Graph;

/// <summary>The names inside a graph, which nobody needs who only runs it.</summary>
public static class GraphNames
{
    const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// <summary>
    /// The same graph with the shortest names there are for its values, but for its inputs and outputs and what graphs inside of
    /// it read, and none for its nodes, which may be without: a smaller file. Values that are read most often get the shortest.
    /// </summary>
    public static ModelGraph Shorten(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var subgraphs = graph.Nodes.SelectMany(node => node.Subgraphs).ToArray();
        // Graphs inside of nodes are carried as they are: what they read keeps its name, and a name of theirs is no other's.
        var fixedNames = graph.Inputs.Concat(graph.Outputs).Select(value => value.Name)
            .Concat(subgraphs.SelectMany(subgraph => subgraph.Captures.Concat(subgraph.Tensors.Select(tensor => tensor.Name))));
        var names = fixedNames.Distinct(StringComparer.Ordinal).ToDictionary(name => name, name => name, StringComparer.Ordinal);
        var inner = subgraphs.SelectMany(subgraph => subgraph.Inner).ToHashSet(StringComparer.Ordinal);
        using var free = Shortest().Where(name => !names.ContainsKey(name) && !inner.Contains(name)).GetEnumerator();
        var uses = graph.Nodes.SelectMany(node => node.Inputs.Concat(node.Outputs))
            .Concat(graph.Initializers.Select(tensor => tensor.Name));
        foreach (var use in uses.Where(name => name.Length > 0 && !names.ContainsKey(name))
            .CountBy(name => name, StringComparer.Ordinal).OrderByDescending(use => use.Value).ToArray())
        {
            free.MoveNext();
            names.Add(use.Key, free.Current);
        }

        string Renamed(string name) => name.Length == 0 ? "" : names[name];
        var nodes = graph.Nodes.Select(node =>
            node with { Name = "", Inputs = [.. node.Inputs.Select(Renamed)], Outputs = [.. node.Outputs.Select(Renamed)] });
        var initializers = graph.Initializers.Select(tensor => tensor.Renamed(Renamed(tensor.Name)));
        return graph.Replace([.. nodes], [.. initializers]);
    }

    static IEnumerable<string> Shortest()
    {
        for (int number = 0; ; number++)
        {
            string name = "";
            for (int rest = number + 1; rest > 0; rest = (rest - 1) / Letters.Length)
                name += Letters[(rest - 1) % Letters.Length];
            yield return name;
        }
    }
}

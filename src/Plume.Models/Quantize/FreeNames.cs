using Plume.Models.Graph;

namespace Plume.Models.Quantize;

/// <summary>Gives names that no value of a graph has yet, nor one of a graph inside of it.</summary>
sealed class FreeNames
{
    readonly HashSet<string> taken;

    public FreeNames(ModelGraph graph) => taken = Taken(graph).ToHashSet(StringComparer.Ordinal);

    /// <summary>All names of values, at any depth.</summary>
    public static IEnumerable<string> Taken(ModelGraph graph) => graph.Inputs.Select(input => input.Name)
        .Concat(graph.Initializers.Select(tensor => tensor.Name))
        .Concat(graph.Nodes.SelectMany(node => node.Outputs))
        .Concat(graph.Nodes.SelectMany(node => node.Subgraphs).SelectMany(subgraph => subgraph.Inner));

    /// <summary>The name itself where it is free, else with the first number that makes it so.</summary>
    public string Take(string name)
    {
        string free = name;
        for (int number = 2; !taken.Add(free); number++)
            free = $"{name}_{number}";
        return free;
    }
}

using Plume.Models.Graph;

namespace Plume.Models.Quantize;

/// <summary>Gives names that no value of a graph has yet.</summary>
sealed class FreeNames
{
    readonly HashSet<string> taken;

    public FreeNames(ModelGraph graph) => taken = graph.Inputs.Select(input => input.Name)
        .Concat(graph.Initializers.Select(tensor => tensor.Name))
        .Concat(graph.Nodes.SelectMany(node => node.Outputs))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>The name itself where it is free, else with the first number that makes it so.</summary>
    public string Take(string name)
    {
        string free = name;
        for (int number = 2; !taken.Add(free); number++)
            free = $"{name}_{number}";
        return free;
    }
}

namespace Plume.Models.Graph;

/// <summary>Gives names that no value of a graph has yet, nor one of a graph inside of it.</summary>
sealed class FreeNames
{
    readonly HashSet<string> taken;
    readonly Dictionary<string, int> next = new(StringComparer.Ordinal);

    public FreeNames(ModelGraph graph) : this(Taken(graph))
    {
    }

    public FreeNames(IEnumerable<string> taken) => this.taken = taken.ToHashSet(StringComparer.Ordinal);

    /// <summary>All names of values, at any depth.</summary>
    public static IEnumerable<string> Taken(ModelGraph graph) => graph.Inputs.Select(input => input.Name)
        .Concat(graph.Initializers.Select(tensor => tensor.Name))
        .Concat(graph.Nodes.SelectMany(node => node.Outputs))
        .Concat(graph.Nodes.SelectMany(node => node.Subgraphs).SelectMany(subgraph => subgraph.Inner));

    /// <summary>The name itself where it is free, else with the first number that makes it so.</summary>
    public string Take(string name)
    {
        if (taken.Add(name))
            return name;
        // Of one name many may be asked for: those that were given are not tried again.
        int number = next.GetValueOrDefault(name, 2);
        string free = $"{name}_{number}";
        while (!taken.Add(free))
            free = $"{name}_{++number}";
        next[name] = number + 1;
        return free;
    }
}

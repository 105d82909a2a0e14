using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Models.Graph.Operators;

namespace Plume.Models.Graph.Rewrites;

/// <summary>
/// Gives each layer biases, normalizations and statistics of its own. Exporters store equal tensors once, and hand them on
/// through Identity: what is only equal at the start must not be trained, pruned or quantized as one. What is tied stays tied: a
/// weight that several products read, with the bias beside it, and the parameters of a normalization that runs twice.
/// </summary>
public static class Unshared
{
    // No model shares more than small vectors; a hostile file could name one long vector in every node.
    const long MostAdded = 16 << 20;

    /// <summary>The same function with its own tensors for each layer; the graph itself where nothing is shared.</summary>
    /// <exception cref="InvalidPayloadException">The copies would take more than the model and 16 MB.</exception>
    public static ModelGraph Of(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var direct = WithoutIdentities(graph);
        var owners = new Dictionary<string, OrderedDictionary<string, string>>(StringComparer.Ordinal);
        var names = new FreeNames(direct);
        Node[] nodes = [.. direct.Nodes.Select(node => Owning(direct, node, owners, names))];
        if (owners.Values.All(copies => copies.Count < 2))
            return direct;
        RequireRoom(direct, owners);
        return direct.Replace(nodes, [.. direct.Initializers.SelectMany(tensor => Copies(tensor, owners))]);
    }

    static ModelGraph WithoutIdentities(ModelGraph graph)
    {
        var outputs = graph.Outputs.Select(output => output.Name).Concat(graph.Captures()).ToHashSet(StringComparer.Ordinal);
        var sources = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes.Where(node => node.OpType == "Identity" && !outputs.Contains(node.Outputs[0])))
        {
            string source = sources.GetValueOrDefault(node.Inputs[0], node.Inputs[0]);
            if (graph.FindInitializer(source) is not null)
                sources[node.Outputs[0]] = source;
        }

        return sources.Count == 0 ? graph
            : graph.Replace([.. graph.Nodes.Where(node => !sources.ContainsKey(node.Outputs[0]))
                .Select(node => node.Reading(name => sources.GetValueOrDefault(name, name)))]);
    }

    static Node Owning(ModelGraph graph, Node node, Dictionary<string, OrderedDictionary<string, string>> owners, FreeNames names)
    {
        string[] inputs = [.. node.Inputs];
        for (int slot = 0; slot < inputs.Length; slot++)
        {
            if (graph.FindFloats(node.Input(slot)) is not { } tensor)
                continue;
            if (!owners.TryGetValue(tensor.Name, out var copies))
                owners.Add(tensor.Name, copies = []);
            string owner = OwnerOf(graph, node, slot, tensor);
            if (!copies.TryGetValue(owner, out string? name))
                copies.Add(owner, name = copies.Count == 0 ? tensor.Name : names.Take(tensor.Name));
            inputs[slot] = name;
        }

        return inputs.SequenceEqual(node.Inputs) ? node : node with { Inputs = inputs };
    }

    // Uses with the same owner share the tensor.
    static string OwnerOf(ModelGraph graph, Node node, int slot, Initializer tensor) =>
        Catalogue.Find(node)?.Roles?.Invoke(graph, node, slot, tensor) switch
        {
            null => "constants",
            TensorRole.Weight => "weights",
            TensorRole.Bias => $"bias beside {WeightOf(graph, node)}",
            _ when node.OpType is FakeQuantizer.OpType or "PRelu" => "scales",
            _ when IsTied(graph, node) => $"{slot} of {string.Join(' ', node.Inputs.Skip(1))}",
            _ => $"{slot} of {node.Outputs[0]}",
        };

    static string WeightOf(ModelGraph graph, Node node)
    {
        var product = node.OpType == "Add"
            ? node.Inputs.Select(graph.ProducerOf)
                .First(producer => producer is not null && Catalogue.Find(producer) is { IsProduct: true })! : node;
        return product.Inputs.FirstOrDefault(input => graph.FindFloats(input) is { Shape.Count: > 1 }) ?? product.Outputs[0];
    }

    // A normalization as it was before any training tells nothing: all ones and zeros are equal.
    static bool IsTied(ModelGraph graph, Node node)
    {
        string[] parameters = [.. node.Inputs.Skip(1).Where(input => input.Length > 0)];
        return parameters.Distinct().Count() == parameters.Length
            && !parameters.All(name => graph.FindFloats(name) is { } tensor && IsUniform(tensor));
    }

    static bool IsUniform(Initializer tensor) => tensor.Length == 0 || !tensor.Floats.ContainsAnyExcept(tensor.Floats[0]);

    static IEnumerable<Initializer> Copies(Initializer tensor, Dictionary<string, OrderedDictionary<string, string>> owners) =>
        owners.TryGetValue(tensor.Name, out var copies)
        ? copies.Values.Select(name => name == tensor.Name ? tensor
        : new Initializer(name, tensor.ElementType, tensor.Shape, tensor.Data))
        : [tensor];

    static void RequireRoom(ModelGraph graph, Dictionary<string, OrderedDictionary<string, string>> owners)
    {
        long all = graph.Initializers.Sum(tensor => (long)tensor.Data.Length);
        long added = owners.Sum(entry => (entry.Value.Count - 1L) * graph.FindInitializer(entry.Key)!.Data.Length);
        if (added > all + MostAdded)
            throw new InvalidPayloadException(
                $"Model '{graph.Name}' takes {all} bytes, but {added} more if each layer had tensors of its own; it must be at "
                    + $"most {MostAdded} more than the model.");
    }
}

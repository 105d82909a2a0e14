using Plume.Compression.Wire;
using Plume.Models.Graph.Operators;

namespace Plume.Models.Graph.Shapes;

/// <summary>
/// The shape of every value of a graph, from the shapes of its inputs. Symbols (the batch) travel through the operators;
/// a length that depends on one in a way that no symbol can say becomes a symbol without a name.
/// </summary>
public static class ShapeInference
{
    /// <summary>The operators whose shapes are known here.</summary>
    public static IReadOnlyCollection<string> Operators { get; } =
        [.. Catalogue.Names.Where(name => Catalogue.Find(name)!.Shape is not null)];

    /// <summary>Shapes by the name of the value: inputs, initializers, and what the nodes write.</summary>
    /// <exception cref="InvalidPayloadException">
    /// A node is of an operator that is not in <see cref="Operators"/>, or its inputs or attributes do not fit together.
    /// </exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<Dimension>> Of(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var known = KnownValues.Of(graph);
        foreach (var node in graph.Nodes)
            known.Add(node);
        return known.Shapes;
    }
}

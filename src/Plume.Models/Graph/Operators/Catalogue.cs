namespace Plume.Models.Graph.Operators;

/// <summary>The operators that are known here, each once.</summary>
public static class Catalogue
{
    static readonly Dictionary<string, Operator> ByName = ((IEnumerable<Operator>)
    [
        .. ProductOperators.All, .. SpatialOperators.All, .. NormalizationOperators.All, .. ElementwiseOperators.All,
        .. ArrangementOperators.All,
        .. SelectionOperators.All, .. ReductionOperators.All, .. NumberOperators.All, .. QuantizationOperators.All,
        .. RecurrentOperators.All,
    ]).ToDictionary(entry => entry.Name, StringComparer.Ordinal);

    /// <summary>Their names, as nodes have them.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>The operator of a node, or null.</summary>
    internal static Operator? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>The operator of a node, or null.</summary>
    internal static Operator? Find(Node node) => Find(node.OpType);
}

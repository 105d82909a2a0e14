namespace Plume.Server.Federations.Definitions;

/// <summary>The federations that a server hosts.</summary>
public sealed class FederationCatalog
{
    readonly Dictionary<string, FederationDefinition> byId = [];

    /// <summary>A catalog of these.</summary>
    /// <exception cref="ArgumentException">Two have the same name, or one breaks rules.</exception>
    public FederationCatalog(IEnumerable<FederationDefinition> definitions)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        foreach (var definition in definitions)
        {
            string problems = string.Join(" ", definition.Problems());
            if (problems.Length > 0)
                throw new ArgumentException($"The federation '{definition.Name}' cannot be hosted: {problems}",
                    nameof(definitions));
            if (!byId.TryAdd(definition.Id, definition))
                throw new ArgumentException($"Two federations have the name '{definition.Name}'; give one another name.",
                    nameof(definitions));
        }
    }

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<FederationDefinition> All => byId.Values;

    /// <summary>The one that has this name in storage.</summary>
    public FederationDefinition this[string id] => byId[id];

    /// <summary>The one of that name, in any case of its letters; null where there is none.</summary>
    public FederationDefinition? Find(string name) => byId.GetValueOrDefault((name ?? "").ToLowerInvariant());
}

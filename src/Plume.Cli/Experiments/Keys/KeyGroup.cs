namespace Plume.Cli.Experiments.Keys;

/// <summary>An object of the experiment file: the keys and the objects that may stand in it.</summary>
sealed record KeyGroup(string Name, string Description, IReadOnlyList<Key> Keys, IReadOnlyList<KeyGroup> Groups)
{
    /// <summary>Every name that may stand in the object.</summary>
    public IEnumerable<string> Names => [.. Keys.Select(key => key.Name), .. Groups.Select(group => group.Name)];

    /// <summary>All keys with their dotted paths, e.g. <c>client.learningRate</c>.</summary>
    public IEnumerable<(string Path, Key Key)> Flatten(string prefix = "") =>
        [.. Keys.Select(key => (prefix + key.Name, key)), .. Groups.SelectMany(group => group.Flatten($"{prefix}{group.Name}."))];
}

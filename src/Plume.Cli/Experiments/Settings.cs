using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plume.Cli.Experiments.Json;
using Plume.Cli.Experiments.Keys;

namespace Plume.Cli.Experiments;

/// <summary>The value of every key, as written or by default, and where it was written.</summary>
sealed class Settings(KeyGroup root)
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    readonly Dictionary<string, (object? Value, Place? Place)> values =
        root.Flatten().ToDictionary(entry => entry.Path, entry => (entry.Key.Default, (Place?)null), StringComparer.Ordinal);

    /// <summary>Takes a value that was written, over an earlier one.</summary>
    public void Set(string path, object value, Place place) => values[path] = (value, place);

    /// <summary>Forgets what was written, so that the key has its default.</summary>
    public void Unset(string path) => values[path] = (root.Flatten().First(entry => entry.Path == path).Key.Default, null);

    /// <summary>The value of a key.</summary>
    public T Get<T>(string path) => (T)values[path].Value!;

    /// <summary>Whether the key has a value.</summary>
    public bool Has(string path) => values[path].Value is not null;

    /// <summary>A whole number that fits 32 bits, as its key's range promises.</summary>
    public int Int32(string path) => checked((int)Get<long>(path));

    /// <summary>Where the key was written, or that it was not.</summary>
    public string PlaceOf(string path) => values[path].Place?.Text ?? $"{path} (not written)";

    /// <summary>All values as the object of a file, which reads back to the same settings.</summary>
    public JsonObject ToJson() => ToJson(root, "");

    /// <summary>All values as the bytes of a run's experiment file.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToJson().ToJsonString(Indented) + "\n");

    /// <summary>Every key that has a value, by its dotted path, with the value as text.</summary>
    public IEnumerable<(string Key, string Value)> Written() => root.Flatten()
        .Where(entry => entry.Key.Name != "$schema" && Has(entry.Path))
        .Select(entry => (entry.Path, entry.Key.Write(values[entry.Path].Value)?.ToString() ?? ""));

    JsonObject ToJson(KeyGroup group, string prefix)
    {
        var json = new JsonObject();
        foreach (var key in group.Keys.Where(key => key.Name != "$schema" && Has(prefix + key.Name)))
            json[key.Name] = key.Write(values[prefix + key.Name].Value);
        foreach (var inner in group.Groups)
        {
            if (ToJson(inner, $"{prefix}{inner.Name}.") is { Count: > 0 } written)
                json[inner.Name] = written;
        }

        return json;
    }
}

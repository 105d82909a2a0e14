using System.Text.Json;
using Plume.Compression.Wire;
using Plume.Models.Graph;

namespace Plume.Learning.Data;

/// <summary>The metadata of a model in which its <see cref="SampleSchema"/> stands.</summary>
sealed class SchemaNotes(ModelGraph graph)
{
    /// <summary>The names under a key, each once and none empty; null where there is no such key.</summary>
    /// <exception cref="InvalidPayloadException">Something else stands there.</exception>
    public IReadOnlyList<string>? Names(string key)
    {
        var names = Read(key, JsonValueKind.String, value => value.GetString()!);
        if (names is not null && (names.Count == 0 || names.Any(string.IsNullOrEmpty)
            || names.Distinct(StringComparer.Ordinal).Count() != names.Count))
            throw Error(key, "must have names, each once and none empty");
        return names;
    }

    /// <summary>The lists of names under a key; null where there is no such key.</summary>
    /// <exception cref="InvalidPayloadException">Something else stands there.</exception>
    public IReadOnlyList<IReadOnlyList<string>>? Lists(string key)
    {
        var lists = Read(key, JsonValueKind.Array, value => value.EnumerateArray().Select(name => name.GetString() ?? "").ToArray());
        if (lists?.Any(names => names.Any(string.IsNullOrEmpty)
            || names.Distinct(StringComparer.Ordinal).Count() != names.Length) == true)
            throw Error(key, "must have lists of names, each once and none empty");
        return lists;
    }

    /// <summary>The finite numbers under a key; null where there is no such key.</summary>
    /// <exception cref="InvalidPayloadException">Something else stands there.</exception>
    public IReadOnlyList<float>? Numbers(string key)
    {
        var numbers = Read(key, JsonValueKind.Number, value => value.GetSingle());
        return numbers?.All(float.IsFinite) == false ? throw Error(key, "must have finite numbers") : numbers;
    }

    /// <summary>The normalization under two keys; null where there is none.</summary>
    /// <exception cref="InvalidPayloadException">Something else stands there.</exception>
    public Normalization? Normalization(string meanKey, string scaleKey)
    {
        var mean = Read(meanKey, JsonValueKind.Number, value => value.GetSingle());
        var scale = Read(scaleKey, JsonValueKind.Number, value => value.GetSingle());
        if (mean is null && scale is null)
            return null;
        try
        {
            return new Normalization(mean ?? [], scale ?? []);
        }
        catch (ArgumentException refusal)
        {
            throw new InvalidPayloadException(
                $"Model '{graph.Name}' has metadata {meanKey} and {scaleKey} that do not go together: {refusal.Message}",
                refusal);
        }
    }

    /// <summary>The number that is predicted, under two keys; null where there is none.</summary>
    /// <exception cref="InvalidPayloadException">Something else stands there.</exception>
    public TargetColumn? Target(string key, string scaleKey)
    {
        if (Names(key) is not { } names)
            return null;
        try
        {
            return names is [var name] && (Numbers(scaleKey) ?? [0, 1]) is [var mean, var scale]
                ? new TargetColumn(name, mean, scale)
                : throw Error(key, $"must have one name, and {scaleKey} a mean and a scale");
        }
        catch (ArgumentException refusal)
        {
            throw Error(scaleKey, $"must have a mean and a scale: {refusal.Message}");
        }
    }

    /// <summary>An error about what stands under a key.</summary>
    public InvalidPayloadException Error(string key, string problem) =>
        new($"Model '{graph.Name}' has metadata that does not fit it: {key} {problem}.");

    /// <summary>What <see cref="Names"/> reads.</summary>
    public static string Text(IReadOnlyList<string> names) =>
        JsonSerializer.Serialize(names, SchemaJson.Default.IReadOnlyListString);

    /// <summary>What <see cref="Lists"/> reads.</summary>
    public static string Text(IReadOnlyList<IReadOnlyList<string>> lists) =>
        JsonSerializer.Serialize(lists, SchemaJson.Default.IReadOnlyListIReadOnlyListString);

    /// <summary>What <see cref="Normalization"/> reads.</summary>
    public static string Text(IReadOnlyList<float> numbers) =>
        JsonSerializer.Serialize(numbers, SchemaJson.Default.IReadOnlyListSingle);

    List<T>? Read<T>(string key, JsonValueKind kind, Func<JsonElement, T> read)
    {
        if (!graph.Metadata.TryGetValue(key, out string? text))
            return null;
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Array
                && json.RootElement.EnumerateArray().All(value => value.ValueKind == kind)
                ? [.. json.RootElement.EnumerateArray().Select(read)]
                : throw Error(key, $"must be an array of {kind}s");
        }
        catch (Exception damage) when (damage is JsonException or FormatException or InvalidOperationException)
        {
            throw Error(key, "is not valid JSON");
        }
    }
}

/// <summary>Source-generated JSON of a schema.</summary>
[System.Text.Json.Serialization.JsonSerializable(typeof(IReadOnlyList<string>))]
[System.Text.Json.Serialization.JsonSerializable(typeof(IReadOnlyList<IReadOnlyList<string>>))]
[System.Text.Json.Serialization.JsonSerializable(typeof(IReadOnlyList<float>))]
sealed partial class SchemaJson : System.Text.Json.Serialization.JsonSerializerContext;

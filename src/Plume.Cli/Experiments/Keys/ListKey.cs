using System.Text.Json;
using System.Text.Json.Nodes;
using Plume.Cli.Experiments.Json;

namespace Plume.Cli.Experiments.Keys;

/// <summary>Any number of texts or paths.</summary>
/// <param name="Name">The key as written.</param>
/// <param name="Description">What it means.</param>
/// <param name="Item">What each of them is.</param>
sealed record ListKey(string Name, string Description, Key Item) : Key(Name, Description)
{
    /// <summary>Stands between two of them where a list is one text.</summary>
    public const char Separator = ';';

    public override string Rule => $"a list of which each is {Item.Rule}";

    public override object? Read(JsonTree json)
    {
        if (json.Kind != JsonTokenType.StartArray)
            return null;
        var items = new List<string>();
        foreach (var item in json.Items)
            items.Add((string?)Item.Read(item) ?? throw new FormatException($"must be {Rule}, but has {item.Shown}"));
        return items;
    }

    public override JsonNode? Write(object? value) => value is IReadOnlyList<string> items
        ? new JsonArray([.. items.Select(item => JsonValue.Create(item))]) : null;

    public override JsonObject Schema() => new() { ["type"] = "array", ["items"] = Item.Schema() };

    public override JsonTree FromText(string text, Place place) =>
        FromTexts(text.Split(Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), place);

    /// <summary>The list that some texts are.</summary>
    public JsonTree FromTexts(IEnumerable<string> texts, Place place) =>
        new(JsonTokenType.StartArray, "", place, []) { Items = [.. texts.Select(text => Item.FromText(text, place))] };
}

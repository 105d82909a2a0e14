using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plume.Cli.Experiments.Json;

namespace Plume.Cli.Experiments.Keys;

/// <summary>A text, of a pattern where one is given.</summary>
sealed record TextKey(string Name, string Description) : Key(Name, Description)
{
    /// <summary>A regular expression that the whole text must match.</summary>
    public string? Pattern { get; init; }

    /// <summary>What the pattern says, to follow "must be".</summary>
    public string Meaning { get; init; } = "a text";

    public override string Rule => Meaning;

    public override object? Read(JsonTree json) =>
        json.Kind == JsonTokenType.String && (Pattern is null || Matches(json.Text, Pattern)) ? json.Text : null;

    // The end of a pattern also stands before a last line break.
    static bool Matches(string text, string pattern) =>
        Regex.Match(text, pattern) is { Success: true } match && match.Length == text.Length;

    public override JsonObject Schema() =>
        Pattern is null ? new() { ["type"] = "string" } : new() { ["type"] = "string", ["pattern"] = Pattern };

    public override JsonTree FromText(string text, Place place) => new(JsonTokenType.String, text, place, []);
}

/// <summary>One of a few words.</summary>
sealed record ChoiceKey(string Name, string Description, IReadOnlyList<string> Choices) : Key(Name, Description)
{
    public override string Rule => $"one of {string.Join(", ", Choices.Select(choice => $"\"{choice}\""))}";

    public override object? Read(JsonTree json)
    {
        if (json.Kind != JsonTokenType.String)
            return null;
        if (Choices.Contains(json.Text))
            return json.Text;
        throw new FormatException(
            $"must be {Rule}, but is \"{json.Text}\"; {Nearest.To(json.Text, Choices, "the nearest is \"{0}\"")}");
    }

    public override JsonObject Schema() => new()
    {
        ["enum"] = new JsonArray([.. Choices.Select(choice => JsonValue.Create(choice))]),
    };

    public override JsonTree FromText(string text, Place place) => new(JsonTokenType.String, text, place, []);
}

/// <summary>A path of a file or folder; a relative one is relative to the folder of the experiment file.</summary>
sealed record PathKey(string Name, string Description) : Key(Name, Description)
{
    public override string Rule => "a path";

    public override object? Read(JsonTree json) =>
        json.Kind == JsonTokenType.String && json.Text.Length > 0 && !json.Text.Contains('\0', StringComparison.Ordinal)
            ? Path.GetFullPath(json.Text, json.Place.Folder)
            : null;

    public override JsonObject Schema() => new() { ["type"] = "string", ["minLength"] = 1 };

    public override JsonTree FromText(string text, Place place) => new(JsonTokenType.String, text, place, []);
}

/// <summary>A line of a notation that some type reads and prints.</summary>
/// <param name="Name">The key as written.</param>
/// <param name="Description">What it means.</param>
/// <param name="Parse">Reads the line; the second argument is the folder of relative paths. Throws
/// <see cref="FormatException"/>.</param>
/// <param name="Pattern">A regular expression that every valid line matches, for editors.</param>
sealed record NotationKey(string Name, string Description, Func<string, string, object> Parse, string Pattern) : Key(Name,
    Description)
{
    /// <summary>Valid lines, to show.</summary>
    public required IReadOnlyList<string> Examples { get; init; }

    public override string Rule => $"a text such as {string.Join(" or ", Examples.Select(example => $"\"{example}\""))}";

    public override object? Read(JsonTree json) => json.Kind == JsonTokenType.String ? Parse(json.Text, json.Place.Folder) : null;

    public override JsonObject Schema() => new()
    {
        ["type"] = "string",
        ["pattern"] = Pattern,
        ["examples"] = new JsonArray([.. Examples.Select(example => JsonValue.Create(example))]),
    };

    public override JsonTree FromText(string text, Place place) => new(JsonTokenType.String, text, place, []);
}

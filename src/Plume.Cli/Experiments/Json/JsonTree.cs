using System.Text.Json;

namespace Plume.Cli.Experiments.Json;

/// <summary>A JSON value that knows where it stands.</summary>
/// <param name="Kind">The token that began it.</param>
/// <param name="Text">A string's or number's text as it means, empty for the rest.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="Members">An object's members in the order of the file; empty for the rest.</param>
sealed record JsonTree(JsonTokenType Kind, string Text, Place Place, IReadOnlyList<JsonMember> Members)
{
    /// <summary>A list's values in the order of the file; empty for the rest.</summary>
    public IReadOnlyList<JsonTree> Items { get; init; } = [];

    /// <summary>The value as a message shows it.</summary>
    public string Shown => Kind switch
    {
        JsonTokenType.String => $"\"{Text}\"",
        JsonTokenType.Number => Text,
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Null => "null",
        JsonTokenType.StartArray => "a list",
        _ => "an object",
    };
}

/// <summary>One name and value of an object.</summary>
sealed record JsonMember(string Name, Place Place, JsonTree Value);

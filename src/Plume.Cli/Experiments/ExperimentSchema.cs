using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plume.Cli.Experiments.Keys;

namespace Plume.Cli.Experiments;

/// <summary>Prints the description of the experiment file as a JSON schema (draft 2020-12), for editors.</summary>
static class ExperimentSchema
{
    static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema, ending with a line break.</summary>
    public static string Text { get; } = Root().ToJsonString(Indented) + "\n";

    static JsonObject Root()
    {
        var schema = Group(ExperimentKeys.Root);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "Plume experiment");
        return schema;
    }

    static JsonObject Group(KeyGroup group)
    {
        var properties = new JsonObject();
        foreach (var key in group.Keys)
            properties[key.Name] = Property(key);
        foreach (var inner in group.Groups)
            properties[inner.Name] = Group(inner);
        var required = RequiredIn(group).ToList();
        var schema = new JsonObject { ["description"] = group.Description, ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0)
            schema["required"] = new JsonArray([.. required.Select(name => JsonValue.Create(name))]);
        schema["additionalProperties"] = false;
        return schema;
    }

    static JsonObject Property(Key key)
    {
        var schema = key.Schema();
        schema.Insert(0, "description", key.Description);
        if (key.Default is not null)
            schema["default"] = key.Write(key.Default);
        return schema;
    }

    static IEnumerable<string> RequiredIn(KeyGroup group) =>
    [
        .. group.Keys.Where(key => key.Required).Select(key => key.Name),
        .. group.Groups.Where(inner => RequiredIn(inner).Any()).Select(inner => inner.Name),
    ];
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Plume.Cli.Experiments.Json;
using Plume.Models.Zoo;

namespace Plume.Cli.Experiments.Keys;

/// <summary>A built-in model by name, or the path of one.</summary>
sealed record ModelKey(string Name, string Description) : Key(Name, Description)
{
    public override string Rule => $"a built-in model ({string.Join(", ", ModelZoo.Names)}) or the path of an .onnx file";

    public override object? Read(JsonTree json)
    {
        if (json.Kind != JsonTokenType.String)
            return null;
        if (ModelZoo.Names.Contains(json.Text))
            return json.Text;
        return json.Text.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)
            ? Path.GetFullPath(json.Text, json.Place.Folder)
            : throw new FormatException(
                $"must be {Rule}, but is \"{json.Text}\"; {Nearest.To(json.Text, ModelZoo.Names, "the nearest is \"{0}\"")}");
    }

    public override JsonObject Schema() => new() { ["type"] = "string", ["minLength"] = 1 };

    public override JsonTree FromText(string text, Place place) => new(JsonTokenType.String, text, place, []);
}

using System.Text.Json;
using System.Text.RegularExpressions;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;

namespace Plume.Cli.Tests.Experiments;

public class ExperimentSchemaTests
{
    static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    public static TheoryData<string> Committed =>
        [.. Directory.GetFiles(Repository.Path("experiments"), "*.json")
            .Where(path => !path.EndsWith("schema.json", StringComparison.Ordinal)).Select(path => Path.GetFileName(path))];

    [Fact]
    public void The_committed_schema_is_what_the_program_prints() =>
        Assert.Equal(ExperimentSchema.Text, File.ReadAllText(Repository.Path("experiments/experiment.schema.json")));

    [Theory, MemberData(nameof(Committed))]
    public void A_committed_experiment_obeys_the_schema_and_reads(string file)
    {
        using var schema = JsonDocument.Parse(ExperimentSchema.Text);
        using var json = JsonDocument.Parse(File.ReadAllText(Repository.Path($"experiments/{file}")), Lenient);
        Assert.Equal([], Violations(schema.RootElement, json.RootElement, "$"));
        Assert.Equal("./experiment.schema.json", json.RootElement.GetProperty("$schema").GetString());
        ExperimentFile.Read(Repository.Path($"experiments/{file}"), []);
    }

    [Theory]
    [InlineData("""{ "data": { "set": "digits" }, "extra": 1 }""")]
    [InlineData("""{ "data": { } }""")]
    [InlineData("""{ "data": { "set": "digits" }, "rounds": 0 }""")]
    [InlineData("""{ "data": { "set": "digits" }, "dropout": 1 }""")]
    [InlineData("""{ "data": { "set": "digits" }, "participants": "20" }""")]
    [InlineData("""{ "data": { "set": "digits" }, "name": "a b" }""")]
    [InlineData("""{ "data": { "set": "digits", "partition": "shards(x)" } }""")]
    public void What_the_parser_refuses_the_schema_refuses_too(string json)
    {
        using var schema = JsonDocument.Parse(ExperimentSchema.Text);
        using var value = JsonDocument.Parse(json);
        Assert.NotEmpty(Violations(schema.RootElement, value.RootElement, "$"));
        Assert.Throws<ExperimentException>(() =>
            SettingsReader.Read(System.Text.Encoding.UTF8.GetBytes(json), "e.json", "/", []));
    }

    // The words of JSON schema that ours uses; a word not known here fails the test that meets it.
    static IEnumerable<string> Violations(JsonElement schema, JsonElement value, string place) =>
        schema.EnumerateObject().SelectMany(rule => rule.Name switch
        {
            "$schema" or "title" or "description" or "default" or "examples" => [],
            "type" => IsOf(rule.Value.GetString()!, value) ? [] : [$"{place} is not of type {rule.Value}"],
            "enum" => rule.Value.EnumerateArray().Any(choice => choice.GetString() == value.GetString()) ? []
                : [$"{place} is not one of {rule.Value}"],
            "minimum" => value.GetDouble() >= rule.Value.GetDouble() ? [] : [$"{place} is too low"],
            "maximum" => value.GetDouble() <= rule.Value.GetDouble() ? [] : [$"{place} is too high"],
            "exclusiveMinimum" => value.GetDouble() > rule.Value.GetDouble() ? [] : [$"{place} is too low"],
            "exclusiveMaximum" => value.GetDouble() < rule.Value.GetDouble() ? [] : [$"{place} is too high"],
            "minLength" => value.GetString()!.Length >= rule.Value.GetInt32() ? [] : [$"{place} is too short"],
            "pattern" => Regex.IsMatch(value.GetString()!, rule.Value.GetString()!) ? []
                : [$"{place} does not match {rule.Value}"],
            "oneOf" => rule.Value.EnumerateArray()
                .Count(choice => IsOf(choice.GetProperty("type").GetString()!, value) && !Violations(choice, value, place).Any())
                    == 1 ? [] : [$"{place} is none of {rule.Value}"],
            "required" => rule.Value.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _))
                .Select(name => $"{place} lacks {name}"),
            "properties" => value.EnumerateObject().Where(member => rule.Value.TryGetProperty(member.Name, out _))
                .SelectMany(member => Violations(rule.Value.GetProperty(member.Name), member.Value, $"{place}.{member.Name}")),
            "additionalProperties" =>
                value.EnumerateObject().Where(member => !schema.GetProperty("properties").TryGetProperty(member.Name, out _))
                .Select(member => $"{place} has the extra {member.Name}"),
            _ => throw new NotSupportedException(rule.Name),
        });

    static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "string" => value.ValueKind == JsonValueKind.String,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => throw new NotSupportedException(type),
    };
}

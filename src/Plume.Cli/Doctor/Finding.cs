using System.Text.Json.Serialization;

namespace Plume.Cli.Doctor;

/// <summary>How good what was found is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
enum Verdict
{
    /// <summary>As it should be.</summary>
    [JsonStringEnumMemberName("good")]
    Good,

    /// <summary>Missing or tight, and only some commands need it.</summary>
    [JsonStringEnumMemberName("note")]
    Note,

    /// <summary>Something will fail because of it.</summary>
    [JsonStringEnumMemberName("wrong")]
    Wrong,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="What">The thing, in a word or two.</param>
/// <param name="Verdict">How good it is.</param>
/// <param name="Says">What was found.</param>
sealed record Finding(string What, Verdict Verdict, string Says)
{
    /// <summary>What to do about it, or what does not work; null where all is well.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Next { get; init; }

    public static Finding Good(string what, string says) => new(what, Verdict.Good, says);

    public static Finding Note(string what, string says, string next) => new(what, Verdict.Note, says) { Next = next };

    public static Finding Wrong(string what, string says, string next) => new(what, Verdict.Wrong, says) { Next = next };
}

/// <summary>How findings print.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<Finding>))]
sealed partial class DoctorJson : JsonSerializerContext;

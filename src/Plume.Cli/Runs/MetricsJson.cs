using System.Text.Json.Serialization;

namespace Plume.Cli.Runs;

/// <summary>How metrics print: generated, so that starting the program looks nothing up by reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RoundLine))]
[JsonSerializable(typeof(RunResult))]
sealed partial class MetricsJson : JsonSerializerContext;

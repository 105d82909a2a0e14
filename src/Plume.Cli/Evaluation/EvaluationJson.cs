using System.Text.Json.Serialization;

namespace Plume.Cli.Evaluation;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<ModelFigures>))]
sealed partial class EvaluationJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace Plume.Cli.Evaluation;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<ModelFigures>))]
[JsonSerializable(typeof(List<WeightSensitivity>))]
sealed partial class EvaluationJson : JsonSerializerContext;

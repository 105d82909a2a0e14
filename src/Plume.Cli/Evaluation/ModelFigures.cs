using System.Text.Json.Serialization;
using Plume.Learning.Inference.Metrics;

namespace Plume.Cli.Evaluation;

/// <summary>What was measured of one model; the lines of <c>plume evaluate</c>.</summary>
/// <param name="File">The model's file.</param>
/// <param name="Accuracy">Share of the test samples whose class is right, run in ONNX Runtime; null without labels or class
/// scores.</param>
/// <param name="Agreement">Share of the samples that get the first model's class; null where the output is no class
/// scores.</param>
/// <param name="Nmse">Squared error of the outputs against the first model's, over the squares of these: that of the output with
/// the largest; null where the outputs are others.</param>
/// <param name="Parameters">Learned values that are not pruned to zero or cut away, whatever they are stored as; null where only
/// ONNX Runtime can read the file.</param>
/// <param name="MultiplyAdds">For one sample; null where the shapes inside cannot be told.</param>
/// <param name="Bytes">Of the file.</param>
/// <param name="LatencyMicroseconds">Median for one sample, one thread, all models taking turns.</param>
/// <param name="MemoryBytes">What a process that runs the model in ONNX Runtime takes more than one that does not.</param>
sealed record ModelFigures(string File, double? Accuracy, double? Agreement, double? Nmse, long? Parameters, long? MultiplyAdds,
    long Bytes, double LatencyMicroseconds, long MemoryBytes)
{
    /// <summary>F1, the mean over classes; null without labels or class scores.</summary>
    public double? F1 => Figures?.F1;

    /// <summary>
    /// The area under the curve of true over false positives, the mean over classes; null where it cannot be told.
    /// </summary>
    public double? Auc => Figures?.Auc;

    /// <summary>Each class; null without labels or class scores.</summary>
    public IReadOnlyList<ClassFigures>? Classes => Figures?.Classes;

    /// <summary>How close it comes to the numbers to predict, in their units; null where samples have classes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RegressionFigures? Regression { get; init; }

    /// <summary>What these are of.</summary>
    [JsonIgnore]
    public ClassificationFigures? Figures { get; init; }
}

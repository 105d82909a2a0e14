namespace Plume.Cli.Evaluation;

/// <summary>What was measured of one model; the lines of <c>plume evaluate</c>.</summary>
/// <param name="File">The model's file.</param>
/// <param name="Accuracy">Share of the test samples whose class is right, run in ONNX Runtime.</param>
/// <param name="Agreement">Share of the test samples that get the first model's class.</param>
/// <param name="Parameters">Learned values that are not pruned to zero or cut away, whatever they are stored as.</param>
/// <param name="MultiplyAdds">For one sample.</param>
/// <param name="Bytes">Of the file.</param>
/// <param name="LatencyMicroseconds">Median for one sample, one thread, all models taking turns.</param>
/// <param name="MemoryBytes">What a process that runs the model in ONNX Runtime takes more than one that does not.</param>
sealed record ModelFigures(string File, double Accuracy, double Agreement, long Parameters, long MultiplyAdds, long Bytes, double LatencyMicroseconds, long MemoryBytes);

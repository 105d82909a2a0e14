using Microsoft.ML.OnnxRuntime;
using Plume.Models.Graph;
using Plume.Models.Onnx;

namespace Plume.Models.Tests;

/// <summary>ONNX Runtime, the judge of what we write.</summary>
static class Runtime
{
    /// <summary>Writes the graph, loads the bytes, and runs them on one input.</summary>
    public static (long[] Shape, float[] Values) Run(ModelGraph graph, long[] shape, float[] values, bool isOptimized = true)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        if (!isOptimized)
            options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL;
        using var session = new InferenceSession(OnnxFile.Write(graph), options);
        using var run = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(values, shape);
        using var outputs = session.Run(run, [graph.Inputs[0].Name], [input], [graph.Outputs[0].Name]);
        return (outputs[0].GetTensorTypeAndShape().Shape, outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }

    /// <summary>The operators that are left when all that it can fuse is fused.</summary>
    public static string[] Fused(ModelGraph graph)
    {
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.onnx");
        try
        {
            using var options = new SessionOptions
            {
                IntraOpNumThreads = 1,
                OptimizedModelFilePath = path,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            };
            using (new InferenceSession(OnnxFile.Write(graph), options))
            {
            }

            return [.. OnnxFile.ReadFile(path).Nodes.Select(node => node.OpType[(node.OpType.LastIndexOf('.') + 1)..])];
        }
        finally
        {
            File.Delete(path);
        }
    }
}

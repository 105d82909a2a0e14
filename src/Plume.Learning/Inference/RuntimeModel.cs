using Microsoft.ML.OnnxRuntime;
using Plume.Compression.Container;
using Plume.Models.Graph;
using Plume.Models.Onnx;

namespace Plume.Learning.Inference;

/// <summary>A model as its user will run it: in ONNX Runtime, on the processor. One caller at a time.</summary>
public sealed class RuntimeModel : IDisposable
{
    readonly InferenceSession session;
    readonly RunOptions run = new();
    readonly string[] inputs;
    readonly string[] outputs;

    /// <summary>Loads a graph.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="threads">Threads of one run.</param>
    /// <exception cref="InvalidPayloadException">ONNX Runtime refuses the graph; the message is its own.</exception>
    /// <exception cref="ArgumentException">The graph has not one input and one output.</exception>
    public RuntimeModel(ModelGraph graph, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (graph.Inputs.Count != 1 || graph.Outputs.Count != 1)
            throw new ArgumentException($"A classifier has one input and one output, but '{graph.Name}' has {graph.Inputs.Count} and {graph.Outputs.Count}.", nameof(graph));
        Graph = graph;
        (inputs, outputs) = ([graph.Inputs[0].Name], [graph.Outputs[0].Name]);
        using var options = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        // Idle threads that spin would take time from whatever runs in turn with this.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        try
        {
            session = new InferenceSession(OnnxFile.Write(graph), options);
        }
        catch (OnnxRuntimeException refusal)
        {
            throw new InvalidPayloadException($"ONNX Runtime refuses model '{graph.Name}': {refusal.Message}", refusal);
        }
    }

    /// <summary>What is run.</summary>
    public ModelGraph Graph { get; }

    /// <summary>The output for a batch.</summary>
    /// <param name="batch">The samples, one after another.</param>
    /// <param name="shape">[samples, sample shape].</param>
    /// <exception cref="InvalidPayloadException">ONNX Runtime refuses the input, or the output is not of floats.</exception>
    public float[] Run(Memory<float> batch, long[] shape)
    {
        try
        {
            using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, batch, shape);
            using var results = session.Run(run, inputs, [input], outputs);
            return results[0].GetTensorDataAsSpan<float>().ToArray();
        }
        catch (OnnxRuntimeException refusal)
        {
            throw new InvalidPayloadException($"ONNX Runtime cannot run the model on an input of [{string.Join(", ", shape)}]: {refusal.Message}", refusal);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        session.Dispose();
        run.Dispose();
    }
}

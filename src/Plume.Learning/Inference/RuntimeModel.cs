using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Onnx;

namespace Plume.Learning.Inference;

/// <summary>
/// A model as its user will run it: in ONNX Runtime, on the processor, whatever operators, inputs and outputs it has. Outputs
/// that are no tensors of numbers are left out. One caller at a time.
/// </summary>
public sealed class RuntimeModel : IDisposable
{
    readonly InferenceSession session;
    // What fails is thrown, and said by whoever catches it.
    readonly RunOptions run = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
    readonly string[] inputs;
    readonly string[] outputs;

    /// <summary>Loads a graph.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="threads">Threads of one run.</param>
    /// <param name="optimized">Whether ONNX Runtime may join and reorder operators, as it does by default.</param>
    /// <exception cref="InvalidPayloadException">ONNX Runtime refuses the graph; the message is its own.</exception>
    public RuntimeModel(ModelGraph graph, int threads = 1, bool optimized = true)
        : this(NameOf(graph), OnnxFile.Write(graph), graph, threads, optimized)
    {
    }

    /// <summary>Loads a file's bytes.</summary>
    /// <param name="name">What messages call the model.</param>
    /// <param name="bytes">An .onnx file.</param>
    /// <param name="graph">The same as a graph, where that is known.</param>
    /// <param name="threads">Threads of one run.</param>
    /// <param name="optimized">Whether ONNX Runtime may join and reorder operators, as it does by default.</param>
    /// <exception cref="InvalidPayloadException">ONNX Runtime refuses the bytes; the message is its own.</exception>
    public RuntimeModel(string name, byte[] bytes, ModelGraph? graph = null, int threads = 1, bool optimized = true)
        : this(name, options => new InferenceSession(bytes, options), graph, threads, optimized)
    {
    }

    RuntimeModel(string name, Func<SessionOptions, InferenceSession> load, ModelGraph? graph, int threads, bool optimized)
    {
        (Name, Graph) = (name, graph);
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        // Idle threads that spin would take time from whatever runs in turn with this.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (!optimized)
            options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL;
        try
        {
            session = load(options);
        }
        catch (OnnxRuntimeException refusal)
        {
            throw new InvalidPayloadException($"ONNX Runtime refuses model '{name}': {refusal.Message}", refusal);
        }

        Inputs = [.. session.InputNames.Select(each => Info(each, session.InputMetadata[each]))];
        Outputs = [.. session.OutputNames.Where(each => session.OutputMetadata[each].IsTensor)
            .Select(each => Info(each, session.OutputMetadata[each])).Where(each => RuntimeTensor.IsReadable(each.ElementType))];
        (inputs, outputs) = ([.. Inputs.Select(input => input.Name)], [.. Outputs.Select(output => output.Name)]);
    }

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>The graph; null where only ONNX Runtime can read the file.</summary>
    public ModelGraph? Graph { get; }

    /// <summary>What it is given.</summary>
    public IReadOnlyList<ValueInfo> Inputs { get; }

    /// <summary>What it gives back.</summary>
    public IReadOnlyList<ValueInfo> Outputs { get; }

    /// <summary>Loads a file from disk, with the files of weights beside it where it has these.</summary>
    /// <param name="path">The file.</param>
    /// <param name="graph">The same as a graph, where that is known.</param>
    /// <param name="threads">Threads of one run.</param>
    /// <param name="optimized">Whether ONNX Runtime may join and reorder operators, as it does by default.</param>
    /// <param name="name">What messages call the model; null for the file's name.</param>
    /// <exception cref="InvalidPayloadException">ONNX Runtime refuses the file; the message is its own.</exception>
    public static RuntimeModel OpenFile(string path, ModelGraph? graph = null, int threads = 1, bool optimized = true,
        string? name = null) =>
        new(name ?? Path.GetFileName(path), options => new InferenceSession(path, options), graph, threads, optimized);

    /// <summary>The output of a model with one input of floats and one output.</summary>
    /// <param name="batch">The samples, one after another.</param>
    /// <param name="shape">[samples, sample shape].</param>
    /// <exception cref="InvalidPayloadException">ONNX Runtime refuses the input.</exception>
    /// <exception cref="ArgumentException">The model has not one input and one output.</exception>
    public float[] Run(ReadOnlyMemory<float> batch, long[] shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (Inputs.Count != 1 || Outputs.Count != 1)
            throw new ArgumentException(
                $"A classifier has one input and one output, but '{Name}' has {Inputs.Count} and {Outputs.Count}.");
        return Run([RuntimeTensor.Of(inputs[0], Inputs[0].ElementType, shape, batch.Span)])[0].ToFloats();
    }

    /// <summary>All outputs for one set of inputs.</summary>
    /// <param name="values">One tensor for each of <see cref="Inputs"/>, in their order.</param>
    /// <exception cref="InvalidPayloadException">ONNX Runtime refuses the inputs.</exception>
    public RuntimeTensor[] Run(IReadOnlyList<RuntimeTensor> values)
    {
        using var bound = Bind(values);
        using var results = RunBound(bound);
        return [.. Outputs.Zip(results,
            (output, result) => new RuntimeTensor(output.Name, output.ElementType, result.GetTensorTypeAndShape().Shape,
                Bytes(result)))];
    }

    /// <summary>Inputs in ONNX Runtime's memory, to be run many times.</summary>
    internal DisposableList<OrtValue> Bind(IReadOnlyList<RuntimeTensor> values)
    {
        if (values.Count != inputs.Length)
            throw new ArgumentException($"Model '{Name}' has {inputs.Length} inputs, but {values.Count} were given.",
                nameof(values));
        var bound = new DisposableList<OrtValue>();
        foreach (var value in values)
        {
            var made = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, (TensorElementType)value.ElementType,
                [.. value.Shape]);
            bound.Add(made);
            value.Data.Span.CopyTo(made.GetTensorMutableRawData());
        }

        return bound;
    }

    /// <summary>Runs with inputs of <see cref="Bind"/>.</summary>
    internal IDisposableReadOnlyCollection<OrtValue> RunBound(DisposableList<OrtValue> bound)
    {
        try
        {
            return session.Run(run, inputs, bound, outputs);
        }
        catch (OnnxRuntimeException refusal)
        {
            string shapes = string.Join(", ",
                bound.Select(value => $"[{string.Join(", ", value.GetTensorTypeAndShape().Shape)}]"));
            throw new InvalidPayloadException($"ONNX Runtime cannot run the model on an input of {shapes}: {refusal.Message}",
                refusal);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        session.Dispose();
        run.Dispose();
    }

    static byte[] Bytes(OrtValue value) => value.GetTensorTypeAndShape().ElementCount == 0 ? []
        : value.GetTensorMutableRawData().ToArray();

    static string NameOf(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Name;
    }

    static ValueInfo Info(string name, NodeMetadata value)
    {
        if (!value.IsTensor)
            throw new InvalidPayloadException(
                $"Value '{name}' is no tensor, but of kind {value.OnnxValueType}; only models of tensors are run.");
        var shape = value.Dimensions.Select((length, axis) => length >= 0 ? Dimension.Fixed(length)
            : Dimension.Symbol(value.SymbolicDimensions.ElementAtOrDefault(axis) ?? ""));
        return new ValueInfo(name, (ElementType)(int)value.ElementDataType, [.. shape]);
    }
}

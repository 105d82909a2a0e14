using Plume.Cli.Errors;
using Plume.Cli.Terminal;
using Plume.Compression.Container;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;
using Plume.Models.Container;
using Plume.Models.Graph;
using Plume.Models.Graph.Rewrites;
using Plume.Models.Onnx;
using Plume.Models.Onnx.Subgraphs;

namespace Plume.Cli.Setup.Sources;

/// <summary>
/// A model read from a file of any kind that Plume knows: weights always, a graph or a file of tensors where it has one.
/// </summary>
sealed class ModelFiles
{
    readonly Lazy<ModelWeights> weights;

    ModelFiles(string path, Func<ModelWeights> weights) => (Path, this.weights) = (path, new(weights));

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The weights, decoded, as 32-bit floats.</summary>
    public ModelWeights Weights => weights.Value;

    /// <summary>The graph with these weights; null where the file has none.</summary>
    public ModelGraph? Graph { get; private init; }

    /// <summary>The tensors as the file has them; null where it is no file of tensors.</summary>
    public SafetensorsFile? Tensors { get; private init; }

    /// <summary>The .plume file; null for other kinds.</summary>
    public PlumeFile? Compressed { get; private init; }

    /// <summary>Reads .onnx, .safetensors or .plume, by the name's ending.</summary>
    /// <param name="path">The file.</param>
    /// <param name="reference">What a .plume file with delta was made against; null where it needs none.</param>
    /// <exception cref="CliException">The file is missing, damaged, of no known kind, or needs a reference.</exception>
    public static ModelFiles Read(string path, string? reference = null)
    {
        try
        {
            return System.IO.Path.GetExtension(path).ToUpperInvariant() switch
            {
                ".ONNX" => Of(path, OnnxFile.ReadFile(path), null),
                ".SAFETENSORS" => Of(path, SafetensorsFile.Read(File.ReadAllBytes(path)), null),
                ".PLUME" => OfCompressed(path, reference),
                _ => throw new CliException(ExitCode.Usage,
                    $"A model file ends in .onnx, .safetensors or .plume, but '{path}' does not."),
            };
        }
        catch (InvalidPayloadException damage)
        {
            throw new CliException(ExitCode.Input, $"'{path}' cannot be read. {damage.Message}", damage);
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Input, $"'{path}' cannot be opened: {missing.Message}", missing);
        }
    }

    /// <summary>Reads a file that must hold a whole model.</summary>
    /// <exception cref="CliException">As for <see cref="Read"/>, or the file has weights only.</exception>
    public static ModelGraph ReadGraph(string path) => Read(path).Graph
        ?? throw new CliException(ExitCode.Input,
            $"'{path}' holds weights without a graph, so it cannot be run; give an .onnx file, or a .plume file made of one.");

    /// <summary>
    /// Reads a whole model to be changed layer by layer: shapes that it computes are folded, a batch fixed at one is free where
    /// that can be, and each layer has tensors of its own.
    /// </summary>
    /// <exception cref="CliException">As for <see cref="ReadGraph"/>.</exception>
    public static ModelGraph ReadLayers(string path)
    {
        var graph = ReadGraph(path);
        string? problem = null;
        var layers = InputErrors.Explain(() =>
            Unshared.Of(FreeBatch.Of(Folded.Of(Live.Of(TakenBranches.Of(graph))), out problem)));
        if (problem is not null)
            Tell.Note($"'{path}' takes one sample at a time, and its batch cannot be made free: {problem}.");
        return layers;
    }

    /// <summary>Refuses a file in which there is nothing to work on.</summary>
    /// <exception cref="CliException">It has no weights.</exception>
    public ModelFiles WithWeights() =>
        (Graph?.Weights ?? Weights.Layout).Length > 0 || Graph?.Initializers.Any(IsInteger) == true
            || Tensors?.Tensors.Any(tensor => tensor.Data.Length > 0) == true
        ? this
        : throw new CliException(ExitCode.Input,
            $"'{Path}' has no weights: no layer of it reads a tensor that the file holds. Is it the model, or what prepares "
                + $"its inputs?");

    /// <summary>
    /// The first weight that is not finite, with its tensor and place in it; null where all are. No copy is made of all weights.
    /// </summary>
    public (string Tensor, int Index, float Value)? FirstNotFinite()
    {
        foreach (var tensor in (Graph?.Weights ?? Weights.Layout).Tensors)
        {
            var values = ValuesOf(tensor);
            int strange = values.IndexOfAnyExceptInRange(-float.MaxValue, float.MaxValue);
            if (strange >= 0)
                return (tensor.Name, strange, values[strange]);
        }

        return null;
    }

    ReadOnlySpan<float> ValuesOf(TensorSpec tensor)
    {
        if (Graph?.FindInitializer(tensor.Name) is not { } source)
            return Weights[tensor];
        if (source.ElementType == ElementType.Float)
            return source.Floats;
        var values = new float[tensor.Length];
        source.CopyTo(values);
        return values;
    }

    /// <summary>Whether a tensor holds the integers of a quantized weight.</summary>
    public static bool IsInteger(Initializer tensor) =>
        tensor.Length > 0 && tensor.ElementType is ElementType.Int8 or ElementType.UInt8 or ElementType.Int4 or ElementType.UInt4;

    static ModelFiles OfCompressed(string path, string? reference)
    {
        var file = PlumeFile.Read(File.ReadAllBytes(path));
        ReadOnlyMemory<float> against = default;
        if (file.Codec.UsesReference)
        {
            if (reference is null)
                throw new CliException(ExitCode.Usage,
                    $"'{path}' holds the difference to another model; name that one with --reference, or make a whole model of "
                        + $"it first with 'plume decompress'.");
            against = Read(reference).Weights.Values;
            if (PlumeFile.HashOf(against.Span) != file.ReferenceHash)
                throw new CliException(ExitCode.Input,
                    $"'{reference}' is not the model that '{path}' was made against: its values have another hash.");
        }

        if (CompressedModel.Decompress(file, against) is { } graph)
            return Of(path, graph, file);
        return CompressedModel.DecompressTensors(file, against) is { } tensors
            ? Of(path, tensors, file)
            : new ModelFiles(path, () => file.Decode(against)) { Compressed = file };
    }

    static ModelFiles Of(string path, ModelGraph graph, PlumeFile? file) => new(path, graph.ToWeights)
    {
        Graph = graph,
        Compressed = file,
    };

    static ModelFiles Of(string path, SafetensorsFile tensors, PlumeFile? file) => new(path, () => tensors.ToWeights())
    {
        Tensors = tensors,
        Compressed = file,
    };
}

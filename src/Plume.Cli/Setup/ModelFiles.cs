using Plume.Cli.Errors;
using Plume.Compression.Container;
using Plume.Compression.Weights;
using Plume.Models.Container;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Operators;

namespace Plume.Cli.Setup;

/// <summary>A model read from a file of any kind that Plume knows: weights always, a graph where the file has one.</summary>
/// <param name="Weights">The weights, decoded.</param>
/// <param name="Graph">The graph with these weights; null where the file has weights only.</param>
/// <param name="Compressed">The .plume file; null for other kinds.</param>
sealed record ModelFiles(ModelWeights Weights, ModelGraph? Graph, PlumeFile? Compressed)
{
    /// <summary>Reads .onnx, .safetensors or .plume, by the name's ending.</summary>
    /// <param name="path">The file.</param>
    /// <param name="reference">What a .plume file with delta was made against; null where it needs none.</param>
    /// <exception cref="CliException">The file is missing, of no known kind, or needs a reference.</exception>
    /// <exception cref="InvalidPayloadException">The file is damaged.</exception>
    public static ModelFiles Read(string path, string? reference = null)
    {
        try
        {
            return Path.GetExtension(path).ToUpperInvariant() switch
            {
                ".ONNX" => Of(OnnxFile.Read(File.ReadAllBytes(path)), null),
                ".SAFETENSORS" => new ModelFiles(Safetensors.Read(File.ReadAllBytes(path)), null, null),
                ".PLUME" => OfCompressed(path, reference),
                _ => throw new CliException(ExitCode.Usage, $"A model file ends in .onnx, .safetensors or .plume, but '{path}' does not."),
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
        ?? throw new CliException(ExitCode.Input, $"'{path}' holds weights without a graph, so it cannot be run; give an .onnx file, or a .plume file made of one.");

    /// <summary>
    /// Reads a whole model to be changed layer by layer: shapes that it computes are folded, a batch fixed at one is free where that
    /// can be, and each layer has tensors of its own.
    /// </summary>
    /// <exception cref="CliException">As for <see cref="ReadGraph"/>.</exception>
    public static ModelGraph ReadLayers(string path)
    {
        var graph = ReadGraph(path);
        return InputErrors.Explain(() => Unshared.Of(FreeBatch.Of(Folded.Of(graph), out _)));
    }

    static ModelFiles OfCompressed(string path, string? reference)
    {
        var file = PlumeFile.Read(File.ReadAllBytes(path));
        ReadOnlyMemory<float> against = default;
        if (file.Codec.UsesReference)
        {
            if (reference is null)
                throw new CliException(ExitCode.Usage, $"'{path}' holds the difference to another model; name that one with --reference, or make a whole model of it first with 'plume decompress'.");
            against = Read(reference).Weights.Values;
            if (PlumeFile.HashOf(against.Span) != file.ReferenceHash)
                throw new CliException(ExitCode.Input, $"'{reference}' is not the model that '{path}' was made against: its values have another hash.");
        }

        return file.Graph.IsEmpty
            ? new ModelFiles(file.Decode(against), null, file)
            : Of(CompressedModel.Decompress(file, against)!, file);
    }

    static ModelFiles Of(ModelGraph graph, PlumeFile? file) => new(graph.ToWeights(), graph, file);
}

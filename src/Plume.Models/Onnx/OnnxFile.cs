using Google.Protobuf;
using Plume.Compression.Files;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>
/// Reads and writes .onnx files. All fields of a file are kept; tensors may stand as initializers, in Constant nodes, in
/// subgraphs (If, Loop) and in files beside it. Sparse tensors and texts as weights are refused by name. Operators are not judged
/// here. Source: the ONNX specification, onnx.ai.
/// </summary>
public static class OnnxFile
{
    const int BufferBytes = 1 << 16;

    /// <summary>
    /// Reads a model from untrusted bytes, which must be all of it. Memory stays within a fixed multiple of their number.
    /// </summary>
    /// <exception cref="InvalidPayloadException">The bytes are not a whole and valid model; the message names the
    /// part.</exception>
    public static ModelGraph Read(ReadOnlyMemory<byte> bytes) =>
        ModelReader.Read(Parse(() => ModelProto.Parser.ParseFrom(bytes.Span)));

    /// <summary>
    /// Writes a model; the same graph gives the same bytes. A model that was read is written in its own version and form.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The model passes the 2 GB that a file can hold, or a node is of an operator set whose version the graph does not say.
    /// </exception>
    public static byte[] Write(ModelGraph graph) => ModelWriter.Write(graph).ToByteArray();

    /// <summary>Writes a model's bytes to a stream, one part after another, without a copy of the whole.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Write(ModelGraph)"/>.</exception>
    /// <exception cref="IOException">The stream refused.</exception>
    public static void Write(ModelGraph graph, Stream output)
    {
        ArgumentNullException.ThrowIfNull(output);
        using var coded = new CodedOutputStream(output, BufferBytes, leaveOpen: true);
        ModelWriter.Write(graph).WriteTo(coded);
    }

    /// <summary>Reads a model from a file, and from the files beside it that it names.</summary>
    /// <exception cref="InvalidPayloadException">The file is not a whole and valid model, or one beside it is missing, too short
    /// or elsewhere.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelGraph ReadFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            ModelProto message;
            using (var stream = File.OpenRead(path))
                message = Parse(() => ModelProto.Parser.ParseFrom(stream));
            using var beside = new ExternalData(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return ModelReader.Read(message, beside);
        }
        catch (InvalidPayloadException error)
        {
            throw new InvalidPayloadException($"File '{path}': {error.Message}", error);
        }
    }

    /// <summary>
    /// Writes a model to a file: beside it first, then to disk, then in its place, so that no half file is ever seen.
    /// </summary>
    /// <exception cref="ArgumentException">As for <see cref="Write(ModelGraph)"/>.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteFile(string path, ModelGraph graph) => AtomicFile.Write(path, Write(graph));

    /// <summary>A model's bytes without the values of some of its tensors.</summary>
    internal static byte[] WriteWithout(ModelGraph graph, IReadOnlySet<string> tensors) =>
        ModelWriter.Write(graph, tensors).ToByteArray();

    /// <summary>Reads a model whose bytes have not the values of these tensors.</summary>
    /// <exception cref="InvalidPayloadException">The bytes are not a whole and valid model, or it has other tensors.</exception>
    internal static ModelGraph ReadWith(ReadOnlyMemory<byte> bytes, ModelWeights values) =>
        ModelReader.Read(Parse(() => ModelProto.Parser.ParseFrom(bytes.Span)), values: values);

    static ModelProto Parse(Func<ModelProto> parse)
    {
        try
        {
            return parse();
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new InvalidPayloadException($"The bytes are not a whole ONNX model: {error.Message}", error);
        }
    }
}

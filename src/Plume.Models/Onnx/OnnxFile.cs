using Google.Protobuf;
using Plume.Compression.Container;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>
/// Reads and writes .onnx files. A file holds one flat graph of tensors: subgraphs (If, Loop), model-local functions,
/// sparse and external tensors are refused by name. Operators are not judged here. Source: the ONNX specification,
/// onnx.ai.
/// </summary>
public static class OnnxFile
{
    /// <summary>Reads a model from untrusted bytes. Memory stays within a fixed multiple of their number.</summary>
    /// <exception cref="InvalidPayloadException">The bytes are not a whole and valid model; the message names the part.</exception>
    public static ModelGraph Read(ReadOnlyMemory<byte> bytes)
    {
        ModelProto model;
        try
        {
            model = ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new InvalidPayloadException($"The {bytes.Length} bytes are not a whole ONNX model: {error.Message}", error);
        }

        return ModelReader.Read(model);
    }

    /// <summary>Writes a model; the same graph gives the same bytes. IR version 8, or 9 and 10 from operator set 19 and 21 on; all tensors as raw data.</summary>
    /// <exception cref="ArgumentException">
    /// The model passes the 2 GB that a file can hold, or a node is of an operator set whose version the graph does not say.
    /// </exception>
    public static byte[] Write(ModelGraph graph) => ModelWriter.Write(graph).ToByteArray();

    /// <summary>Reads a model from a file.</summary>
    /// <exception cref="InvalidPayloadException">The file is not a whole and valid model.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelGraph ReadFile(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        try
        {
            return Read(bytes);
        }
        catch (InvalidPayloadException error)
        {
            throw new InvalidPayloadException($"File '{path}': {error.Message}", error);
        }
    }

    /// <summary>Writes a model to a file: beside it first, then to disk, then in its place, so that no half file is ever seen.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Write"/>.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteFile(string path, ModelGraph graph) => AtomicFile.Write(path, Write(graph));
}

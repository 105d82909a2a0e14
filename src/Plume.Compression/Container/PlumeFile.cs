using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Container;

/// <summary>
/// A compressed model at rest: the codec's line, the layout, the payload, and what else a program needs to make a model
/// of it again. docs/wire-format.md has the bytes.
/// </summary>
/// <param name="Codec">What made the payload.</param>
/// <param name="Layout">The tensors that it decodes to.</param>
/// <param name="Payload">What <see cref="PayloadEncoder"/> returned.</param>
/// <param name="Key">The random key it was encoded with.</param>
public sealed record PlumeFile(Codec Codec, ModelLayout Layout, ReadOnlyMemory<byte> Payload, ulong Key)
{
    /// <summary>The newest version of the format; a file is written in the oldest that can say all of it.</summary>
    public const byte Version = 3;

    /// <summary>Hash of the reference's values (<see cref="HashOf"/>) where the codec needs one; 0 otherwise.</summary>
    public ulong ReferenceHash { get; init; }

    /// <summary>
    /// The model's graph or file without its weights, in a form that this format does not look into; may be empty.
    /// </summary>
    public ReadOnlyMemory<byte> Graph { get; init; }

    /// <summary>What <see cref="Graph"/> was made of.</summary>
    public PlumeSource Source { get; init; }

    /// <summary>
    /// The integer tensors of a quantized model, as floats of whole numbers in a file of their own; null where there are
    /// none. Such a file has no graph and no integers itself.
    /// </summary>
    public PlumeFile? Integers
    {
        get;
        init => field = value is null or { Integers: null, Graph.IsEmpty: true }
            ? value
            : throw new ArgumentException("A file of integers has tensors and a payload only.", nameof(value));
    }

    /// <summary>Hash of a model's values, by which a file knows the reference it was made against.</summary>
    public static ulong HashOf(ReadOnlySpan<float> values) =>
        System.IO.Hashing.XxHash64.HashToUInt64(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values));

    /// <summary>The file's bytes.</summary>
    public byte[] ToBytes()
    {
        using var output = new MemoryStream();
        WriteTo(output);
        return output.ToArray();
    }

    /// <summary>Writes the file's bytes one part after another, without a copy of the whole.</summary>
    /// <exception cref="IOException">The stream refused.</exception>
    public void WriteTo(Stream output)
    {
        ArgumentNullException.ThrowIfNull(output);
        PlumeFormat.Write(this, output);
    }

    /// <summary>Reads a file's bytes.</summary>
    /// <exception cref="InvalidPayloadException">A rule is broken: cut, damaged, of a newer version, or no .plume file at
    /// all.</exception>
    public static PlumeFile Read(ReadOnlySpan<byte> bytes) => PlumeFormat.Read(bytes);

    /// <summary>Decodes the weights.</summary>
    /// <param name="reference">The reference's values where the codec needs one; empty otherwise.</param>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule.</exception>
    /// <exception cref="ArgumentException">The reference is missing, or is not the one the file was made against.</exception>
    public ModelWeights Decode(ReadOnlyMemory<float> reference = default)
    {
        if (Codec.UsesReference && (reference.Length != Layout.Length || HashOf(reference.Span) != ReferenceHash))
            throw new ArgumentException(
                $"Codec '{Codec}' needs the reference model that the file was made against: {Layout.Length} values with hash "
                    + $"{ReferenceHash:x16}.", nameof(reference));
        var weights = new ModelWeights(Layout);
        new PayloadDecoder(Codec, Layout).Decode(Payload, weights.Values, new(Key), reference);
        return weights;
    }
}

/// <summary>What a .plume file was made of.</summary>
public enum PlumeSource : byte
{
    /// <summary>An .onnx file that has its weights, as zeros: what versions 1 and 2 have.</summary>
    WholeOnnx = 0,

    /// <summary>An .onnx file without the values that the payload has.</summary>
    Onnx = 1,

    /// <summary>A .safetensors file without the values that the payload has.</summary>
    Safetensors = 2,
}

using Plume.Compression.Wire;

namespace Plume.Compression.Weights.Formats;

/// <summary>
/// Reads and writes safetensors files that hold floats and nothing else: a JSON header that names, shapes and places the tensors,
/// and their bytes. Every rule of the format is enforced, so that a file has one meaning in every program.
/// </summary>
/// <remarks>
/// F32 is read as it is; F16, BF16 and F64 are turned into 32-bit floats; a tensor of another type is refused by name.
/// <see cref="SafetensorsFile"/> keeps every type. Source: the format's public description,
/// https://github.com/huggingface/safetensors.
/// </remarks>
public static class Safetensors
{
    /// <summary>Reads a file's bytes. Tensors come in the order of their bytes; roles are told from names and shapes.</summary>
    /// <exception cref="InvalidPayloadException">A rule of the format is broken, or a tensor does not hold floats.</exception>
    public static ModelWeights Read(ReadOnlySpan<byte> bytes)
    {
        var file = SafetensorsFile.Read(bytes.ToArray());
        return file.Tensors.FirstOrDefault(tensor => !tensor.IsFloat) is { } other
            ? throw new InvalidPayloadException(
                $"Tensor '{other.Name}' has dtype '{other.Type}', but weights must be F32, F16, BF16 or F64.")
            : file.ToWeights();
    }

    /// <summary>A file's bytes, all tensors F32, the data at a multiple of 8 bytes.</summary>
    public static byte[] Write(ModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        byte[] header = SafetensorsHeader.Write(weights.Layout);
        var output = new PayloadWriter();
        output.UInt64((ulong)header.Length);
        output.Bytes(header);
        output.Bytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(weights.Values.AsSpan()));
        return output.Written.ToArray();
    }
}

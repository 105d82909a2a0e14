using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Plume.Compression.Container;

namespace Plume.Compression.Weights;

/// <summary>An array of 32-bit floats as NumPy saves it: row-major, little-endian, of any shape.</summary>
/// <remarks>Source: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays", versions 1.0 to 3.0.</remarks>
public sealed class NpyFile
{
    NpyFile(int[] shape, float[] values)
    {
        Shape = shape;
        Values = values;
    }

    /// <summary>Dimensions, row-major; empty for a scalar.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The values: as many as the product of the dimensions. They may be infinite or NaN.</summary>
    public float[] Values { get; }

    static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidPayloadException">As for <see cref="Parse"/>; the message names the file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NpyFile Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        try
        {
            return Parse(bytes);
        }
        catch (InvalidPayloadException refusal)
        {
            throw new InvalidPayloadException($"File '{path}' is not a whole .npy array of floats. {refusal.Message}", refusal);
        }
    }

    /// <summary>Reads a file's bytes. Memory is taken only for values that are there.</summary>
    /// <exception cref="InvalidPayloadException">The bytes are not exactly one row-major array of type '&lt;f4'.</exception>
    public static NpyFile Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new PayloadReader(bytes);
        if (!reader.Bytes(Magic.Length, "magic").SequenceEqual(Magic))
            throw InvalidPayloadException.Field("magic", 0, Convert.ToHexString(bytes[..Magic.Length]), $"must be {Convert.ToHexString(Magic)}");
        byte major = reader.UInt8("version"), minor = reader.UInt8("version");
        if (major is < 1 or > 3 || minor != 0)
            throw InvalidPayloadException.Field("version", Magic.Length, $"{major}.{minor}", "must be 1.0, 2.0 or 3.0");
        uint length = major == 1 ? reader.UInt16("header length") : reader.UInt32("header length");
        int start = reader.Offset;
        int[] shape = NpyHeader.ReadShape(reader.Bytes(length, "header"), start);
        var stored = reader.Bytes(sizeof(float) * NpyHeader.CountOf(shape), "values");
        reader.End("values");

        float[] values = MemoryMarshal.Cast<byte, float>(stored).ToArray();
        if (!BitConverter.IsLittleEndian)
            Reverse(values);
        return new NpyFile(shape, values);
    }

    /// <summary>Writes a file whole or not at all, in version 1.0, which every NumPy reads.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the dimensions.</exception>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Write(string path, ReadOnlySpan<float> values, params ReadOnlySpan<int> shape) =>
        AtomicFile.Write(path, Serialize(values, shape));

    /// <summary>The bytes of a file in version 1.0; the values begin at a multiple of 64 bytes.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the dimensions.</exception>
    public static byte[] Serialize(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        foreach (int dimension in shape)
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(shape));
        if (NpyHeader.CountOf(shape) != values.Length)
            throw new ArgumentException($"The shape ({string.Join(", ", shape.ToArray())}) does not have {values.Length} values.", nameof(shape));

        byte[] header = NpyHeader.Write(shape, before: Magic.Length + 4);
        byte[] bytes = new byte[checked(Magic.Length + 4 + header.Length + sizeof(float) * values.Length)];
        Magic.CopyTo(bytes);
        bytes[Magic.Length] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(Magic.Length + 2), checked((ushort)header.Length));
        header.CopyTo(bytes, Magic.Length + 4);
        var stored = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(Magic.Length + 4 + header.Length));
        values.CopyTo(stored);
        if (!BitConverter.IsLittleEndian)
            Reverse(stored);
        return bytes;
    }

    static void Reverse(Span<float> values)
    {
        var words = MemoryMarshal.Cast<float, int>(values);
        BinaryPrimitives.ReverseEndianness(words, words);
    }
}

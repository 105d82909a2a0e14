using System.Buffers.Binary;
using Plume.Compression.Files;
using Plume.Compression.Wire;

namespace Plume.Compression.Weights.Formats;

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
        var form = ReadForm(ref reader, anyForm: false);
        var stored = reader.Bytes(form.ValueSize * NpyHeader.CountOf(form.Shape), "values");
        reader.End("values");

        float[] values = new float[stored.Length / sizeof(float)];
        NpyValues.Copy(stored, form, values);
        return new NpyFile(form.Shape, values);
    }

    /// <summary>
    /// Reads an array of a known shape into a place that is there already, so that no memory is taken on a sender's word.
    /// Doubles ('&lt;f8') and column-major order are taken too and converted.
    /// </summary>
    /// <param name="bytes">A whole file.</param>
    /// <param name="shape">The shape that the array must have.</param>
    /// <param name="values">Receives the values, row-major; untouched when the file is refused. They may be infinite or
    /// NaN.</param>
    /// <exception cref="InvalidPayloadException">The bytes are not exactly one array of floats of that shape.</exception>
    /// <exception cref="ArgumentException">The place is not as long as the product of the dimensions.</exception>
    public static void ReadInto(ReadOnlySpan<byte> bytes, IReadOnlyList<int> shape, Span<float> values)
    {
        ArgumentNullException.ThrowIfNull(shape);
        CheckCount([.. shape], values.Length);
        var reader = new PayloadReader(bytes);
        var form = ReadForm(ref reader, anyForm: true);
        if (!form.Shape.SequenceEqual(shape))
            throw InvalidPayloadException.Field("shape", form.Place, NpyHeader.Tuple(form.Shape),
                $"must be {NpyHeader.Tuple([.. shape])}");
        var stored = reader.Bytes((long)form.ValueSize * values.Length, "values");
        reader.End("values");
        NpyValues.Copy(stored, form, values);
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
        CheckCount(shape, values.Length);
        byte[] header = NpyHeader.Write(shape, before: Magic.Length + 4);
        byte[] bytes = new byte[checked(Magic.Length + 4 + header.Length + sizeof(float) * values.Length)];
        Magic.CopyTo(bytes);
        bytes[Magic.Length] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(Magic.Length + 2), checked((ushort)header.Length));
        header.CopyTo(bytes, Magic.Length + 4);
        NpyValues.Store(values, bytes.AsSpan(Magic.Length + 4 + header.Length));
        return bytes;
    }

    static NpyForm ReadForm(ref PayloadReader reader, bool anyForm)
    {
        var magic = reader.Bytes(Magic.Length, "magic");
        if (!magic.SequenceEqual(Magic))
            throw InvalidPayloadException.Field("magic", 0, Convert.ToHexString(magic), $"must be {Convert.ToHexString(Magic)}");
        byte major = reader.UInt8("version"), minor = reader.UInt8("version");
        if (major is < 1 or > 3 || minor != 0)
            throw InvalidPayloadException.Field("version", Magic.Length, $"{major}.{minor}", "must be 1.0, 2.0 or 3.0");
        uint length = major == 1 ? reader.UInt16("header length") : reader.UInt32("header length");
        int start = reader.Offset;
        return NpyHeader.Read(reader.Bytes(length, "header"), start, anyForm);
    }

    static void CheckCount(ReadOnlySpan<int> shape, int values)
    {
        foreach (int dimension in shape)
            ArgumentOutOfRangeException.ThrowIfNegative(dimension, nameof(shape));
        if (NpyHeader.CountOf(shape) != values)
            throw new ArgumentException($"The shape {NpyHeader.Tuple(shape)} does not have {values} values.", nameof(shape));
    }
}

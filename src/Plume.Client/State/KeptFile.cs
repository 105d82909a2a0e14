using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Plume.Compression.Wire;

namespace Plume.Client.State;

/// <summary>What a file of the client's folder holds.</summary>
enum KeptKind : byte
{
    Place = 1,
    Model = 2,
    Update = 3,
    Download = 4,
    Graph = 5,
    Unmasking = 6,
}

/// <summary>
/// The bytes of a file in the client's folder: which format, what, whose, the content, and a hash over all of it.
/// </summary>
static class KeptFile
{
    const byte FormatVersion = 1;
    const int HashBytes = 8;
    const int LongestText = 1024;

    static ReadOnlySpan<byte> Magic => "PLUMECLI"u8;

    /// <summary>Begins a file; the content follows.</summary>
    public static PayloadWriter Begin(KeptKind kind, Place place)
    {
        var output = new PayloadWriter();
        output.Bytes(Magic);
        output.UInt8(FormatVersion);
        output.UInt8((byte)kind);
        Write(output, Encoding.UTF8.GetBytes(place.Federation));
        Write(output, Encoding.UTF8.GetBytes(place.Name));
        Write(output, place.Run);
        output.Varint(place.Number);
        return output;
    }

    /// <summary>Ends a file.</summary>
    public static ReadOnlyMemory<byte> Seal(PayloadWriter output)
    {
        output.UInt64(XxHash64.HashToUInt64(output.Written.Span));
        return output.Written;
    }

    /// <summary>Reads a file up to its content.</summary>
    /// <exception cref="InvalidPayloadException">It is cut, damaged, of another version, or of another kind.</exception>
    public static PayloadReader Open(ReadOnlySpan<byte> bytes, KeptKind kind, out Place place)
    {
        if (bytes.Length < HashBytes
            || XxHash64.HashToUInt64(bytes[..^HashBytes]) != BinaryPrimitives.ReadUInt64LittleEndian(bytes[^HashBytes..]))
            throw new InvalidPayloadException("It is cut or damaged: its hash is not the one written at its end.");
        var input = new PayloadReader(bytes[..^HashBytes]);
        if (!input.Bytes(Magic.Length, "magic").SequenceEqual(Magic))
            throw new InvalidPayloadException("It does not begin as a client's files do.");
        byte version = input.UInt8("version"), found = input.UInt8("kind");
        if (version != FormatVersion)
            throw InvalidPayloadException.Field("version", Magic.Length, version, $"must be {FormatVersion}");
        if (found != (byte)kind)
            throw InvalidPayloadException.Field("kind", Magic.Length + 1, found, $"must be {(byte)kind}");
        place = new Place(ReadText(ref input, "federation"), ReadText(ref input, "name"), ReadBytes(ref input, "run"),
            input.Varint("number", 0, int.MaxValue));
        return input;
    }

    public static void Write<T>(PayloadWriter output, ReadOnlySpan<T> values) where T : unmanaged
    {
        output.Varint(values.Length);
        output.Bytes(MemoryMarshal.AsBytes(values));
    }

    public static void Write(PayloadWriter output, byte[] bytes) => Write<byte>(output, bytes);

    public static byte[] ReadBytes(ref PayloadReader input, string field) =>
        input.Bytes(input.Varint(field, 0, input.Left), field).ToArray();

    public static float[] ReadFloats(ref PayloadReader input, string field) =>
        MemoryMarshal.Cast<byte, float>(input.Bytes((long)sizeof(float) * input.Varint(field, 0, input.Left), field)).ToArray();

    static string ReadText(ref PayloadReader input, string field) =>
        Encoding.UTF8.GetString(input.Bytes(input.Varint(field, 0, LongestText), field));
}

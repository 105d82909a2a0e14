using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Container;

/// <summary>
/// The bytes of a .plume file: a magic, a version, and sections (header, layout, graph, payload, integers), each in
/// blocks of at most 1 MiB that carry their own hash, so that damage is found before anything is made of it. The last
/// section, new in version 2, is empty or a file of its own. Version 3 says what the graph was made of, and the axis of each
/// tensor.
/// </summary>
static class PlumeFormat
{
    const int MaxBlock = 1 << 20;
    static readonly UTF8Encoding StrictText = new(false, throwOnInvalidBytes: true);

    static ReadOnlySpan<byte> Magic => "PLUME\r\n\x1A"u8;

    public static void Write(PlumeFile file, Stream output)
    {
        output.Write(Magic);
        byte version = VersionOf(file);
        output.WriteByte(version);
        WriteSection(output, HeaderOf(file, version));
        WriteSection(output, LayoutOf(file.Layout, version));
        WriteSection(output, file.Graph.Span);
        WriteSection(output, file.Payload.Span);
        WriteSection(output, file.Integers is { } integers ? integers.ToBytes() : []);
    }

    // The oldest that can say all of it.
    static byte VersionOf(PlumeFile file) =>
        (byte)(file.Source == PlumeSource.WholeOnnx && file.Layout.Tensors.All(tensor => tensor.Axis == 0) ? 2 : 3);

    public static PlumeFile Read(ReadOnlySpan<byte> bytes) => Read(bytes, isInner: false);

    static PlumeFile Read(ReadOnlySpan<byte> bytes, bool isInner)
    {
        var input = new PayloadReader(bytes);
        if (!input.Bytes(Magic.Length, "magic").SequenceEqual(Magic))
            throw new InvalidPayloadException("The file does not begin as a .plume file does; is it one?");
        byte version = input.UInt8("version");
        if (version is 0 or > PlumeFile.Version)
            throw InvalidPayloadException.Field("version", Magic.Length, version,
                $"must be 1 to {PlumeFile.Version}: a newer Plume wrote it, and that one is needed to read it");
        var header = new PayloadReader(ReadSection(ref input, "header"));
        var layout = new PayloadReader(ReadSection(ref input, "layout"));
        byte[] graph = ReadSection(ref input, "graph");
        byte[] payload = ReadSection(ref input, "payload");
        byte[] integers = version >= 2 ? ReadSection(ref input, "integers") : [];
        input.End("file");
        if (isInner && (graph.Length > 0 || integers.Length > 0))
            throw new InvalidPayloadException(
                "The file's integers have a graph or integers of their own; they are tensors and a payload only.");
        var file = FileOf(ref header, ReadLayout(ref layout, version), version) with
        {
            Graph = graph,
            Payload = payload,
            Integers = integers.Length == 0 ? null : Read(integers, isInner: true),
        };
        // A payload has a byte or more for every segment, which has fewer than eight blocks, so a layout beyond that is false
        // before memory is taken for it.
        if (file.Layout.Length > 8L * payload.Length * BlockPlan.MaxLength)
            throw InvalidPayloadException.Field("layout", 0, $"of {file.Layout.Length} values",
                $"must fit a payload of {payload.Length} bytes");
        return file;
    }

    static ReadOnlySpan<byte> HeaderOf(PlumeFile file, byte version)
    {
        var header = new PayloadWriter();
        WriteText(header, file.Codec.Text);
        header.UInt64(file.Key);
        header.UInt64(file.ReferenceHash);
        if (version >= 3)
            header.UInt8((byte)file.Source);
        return header.Written.Span;
    }

    static PlumeFile FileOf(ref PayloadReader header, ModelLayout layout, byte version)
    {
        string line = ReadText(ref header, "codec");
        Codec codec;
        try
        {
            codec = Codec.Parse(line);
        }
        catch (FormatException unknown)
        {
            throw new InvalidPayloadException($"The file names a codec that this program does not know. {unknown.Message}",
                unknown);
        }

        ulong key = header.UInt64("key");
        ulong reference = header.UInt64("reference hash");
        int offset = header.Offset;
        byte source = version >= 3 ? header.UInt8("source") : (byte)PlumeSource.WholeOnnx;
        if (!Enum.IsDefined((PlumeSource)source))
            throw InvalidPayloadException.Field("source", offset, source, $"must be at most {(byte)PlumeSource.Safetensors}");
        header.End("header");
        return new PlumeFile(codec, layout, default, key) { ReferenceHash = reference, Source = (PlumeSource)source };
    }

    static ReadOnlySpan<byte> LayoutOf(ModelLayout layout, byte version)
    {
        var output = new PayloadWriter();
        output.Varint(layout.Tensors.Count);
        foreach (var tensor in layout.Tensors)
        {
            WriteText(output, tensor.Name);
            output.UInt8((byte)tensor.Role);
            if (version >= 3)
                output.UInt8(checked((byte)tensor.Axis));
            output.UInt8(checked((byte)tensor.Shape.Count));
            foreach (int dimension in tensor.Shape)
                output.Varint(dimension);
        }

        return output.Written.Span;
    }

    static ModelLayout ReadLayout(ref PayloadReader input, byte version)
    {
        // A tensor takes three bytes or more, so a count beyond that is false before any memory is taken for it.
        int count = input.Varint("number of tensors", 0, input.Left / 3);
        var tensors = new List<(string, int[], TensorRole, int)>(count);
        for (int i = 0; i < count; i++)
        {
            string name = ReadText(ref input, "tensor name");
            int offset = input.Offset;
            byte role = input.UInt8("role");
            if (!Enum.IsDefined((TensorRole)role))
                throw InvalidPayloadException.Field("role", offset, role, $"must be at most {(byte)TensorRole.Step}");
            byte axis = version >= 3 ? input.UInt8("axis") : (byte)0;
            int rankAt = input.Offset;
            byte rank = input.UInt8("rank");
            if (rank > TensorSpec.MostDimensions)
                throw InvalidPayloadException.Field("rank", rankAt, rank, $"must be at most {TensorSpec.MostDimensions}");
            var shape = new int[rank];
            foreach (ref int dimension in shape.AsSpan())
                dimension = input.Varint("dimension", 0, int.MaxValue);
            tensors.Add((name, shape, (TensorRole)role, axis));
        }

        input.End("layout");
        try
        {
            return ModelLayout.Of(tensors);
        }
        catch (ArgumentException refusal)
        {
            throw new InvalidPayloadException($"The file's layout is not valid. {refusal.Message}", refusal);
        }
    }

    static void WriteSection(Stream output, ReadOnlySpan<byte> section)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(number, (ulong)section.Length);
        output.Write(number);
        for (; section.Length > 0; section = section[Math.Min(MaxBlock, section.Length)..])
        {
            var block = section[..Math.Min(MaxBlock, section.Length)];
            output.Write(block);
            BinaryPrimitives.WriteUInt64LittleEndian(number, XxHash64.HashToUInt64(block));
            output.Write(number);
        }
    }

    static byte[] ReadSection(ref PayloadReader input, string name)
    {
        int offset = input.Offset;
        ulong length = input.UInt64($"{name} length");
        if (length > (ulong)input.Left)
            throw InvalidPayloadException.Ends(name, offset, (long)Math.Min(length, long.MaxValue), input.Left);
        var section = new byte[(int)length];
        for (int done = 0; done < section.Length;)
        {
            int size = Math.Min(MaxBlock, section.Length - done);
            int start = input.Offset;
            var block = input.Bytes(size, name);
            if (input.UInt64($"{name} hash") != XxHash64.HashToUInt64(block))
                throw new InvalidPayloadException(
                    $"The file is damaged: the block of {size} bytes of its {name} at offset {start} does not have the hash "
                        + $"written after it.");
            block.CopyTo(section.AsSpan(done));
            done += size;
        }

        return section;
    }

    static void WriteText(PayloadWriter output, string text)
    {
        var bytes = StrictText.GetBytes(text);
        output.Varint(bytes.Length);
        output.Bytes(bytes);
    }

    static string ReadText(ref PayloadReader input, string field)
    {
        int offset = input.Offset;
        var bytes = input.Bytes(input.Varint($"{field} length", 0, input.Left), field);
        try
        {
            return StrictText.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw InvalidPayloadException.Field(field, offset, "not UTF-8", "must be UTF-8 text");
        }
    }
}

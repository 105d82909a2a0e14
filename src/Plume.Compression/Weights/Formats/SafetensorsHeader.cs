using System.Text;
using System.Text.Json;
using Plume.Compression.Wire;

namespace Plume.Compression.Weights.Formats;

/// <summary>One tensor as a safetensors header declares it, from its first byte in the data to the one after its last.</summary>
sealed record SafetensorsEntry(string Name, string Type, int[] Shape, int Start, int End);

/// <summary>The header of a safetensors file.</summary>
static class SafetensorsHeader
{
    const int LengthBytes = 8;
    const int MaxHeader = 100_000_000;
    const int MaxDepth = 4;

    /// <summary>The tensors in the order of their bytes, and the bytes; nothing between them is unused.</summary>
    public static List<SafetensorsEntry> Read(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> data)
    {
        var input = new PayloadReader(bytes);
        ulong length = input.UInt64("header length");
        if (length > MaxHeader)
            throw InvalidPayloadException.Field("header length", 0, length, $"must be at most {MaxHeader}");
        var header = input.Bytes((long)length, "header");
        data = input.Rest;
        var entries = ReadEntries(header, data.Length);
        CheckCover(entries, data.Length);
        return entries;
    }

    /// <summary>What a header declares, in the order of the bytes, whether they are there or not.</summary>
    public static List<SafetensorsEntry> ReadEntries(ReadOnlySpan<byte> header)
    {
        var entries = ReadEntries(header, int.MaxValue);
        CheckCover(entries, entries.Count == 0 ? 0 : entries[^1].End);
        return entries;
    }

    public static byte[] Write(ModelLayout layout)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            foreach (var tensor in layout.Tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (int dimension in tensor.Shape)
                    json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(4L * tensor.Offset);
                json.WriteNumberValue(4L * (tensor.Offset + tensor.Length));
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (stream.Length % LengthBytes != 0)
            stream.WriteByte((byte)' ');
        return stream.ToArray();
    }

    static List<SafetensorsEntry> ReadEntries(ReadOnlySpan<byte> header, int dataLength)
    {
        if (header.IsEmpty || header[0] != (byte)'{')
            throw new InvalidPayloadException("The header must begin with '{'; is this a safetensors file?");
        try
        {
            var entries = ParseEntries(header, dataLength);
            entries.Sort(static (left, right) => (left.Start, left.End).CompareTo((right.Start, right.End)));
            return entries;
        }
        catch (JsonException damage)
        {
            throw new InvalidPayloadException($"The header is not valid JSON: {damage.Message}", damage);
        }
        catch (InvalidOperationException damage)
        {
            throw new InvalidPayloadException($"The header holds text that is not UTF-8: {damage.Message}", damage);
        }
    }

    static List<SafetensorsEntry> ParseEntries(ReadOnlySpan<byte> header, int dataLength)
    {
        var json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = MaxDepth });
        var entries = new List<SafetensorsEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        json.Read();
        while (NextProperty(ref json, out string name))
        {
            if (name.Length == 0 || !names.Add(name))
                throw new InvalidPayloadException(
                    $"A tensor's name must be there and be its own; the header has '{name}' "
                        + $"{(name.Length == 0 ? "as one" : "twice")}.");
            if (name == "__metadata__")
                CheckMetadata(ref json);
            else
                entries.Add(ReadEntry(ref json, name, dataLength));
        }

        // Reads the blanks after the object; anything else is an error of the reader's own.
        json.Read();
        return entries;
    }

    static SafetensorsEntry ReadEntry(ref Utf8JsonReader json, string name, int dataLength)
    {
        string? type = null;
        int[]? shape = null;
        int[]? offsets = null;
        Expect(ref json, JsonTokenType.StartObject, name, "an object");
        while (NextProperty(ref json, out string field))
        {
            switch (field)
            {
                case "dtype" when type is null:
                    Expect(ref json, JsonTokenType.String, name, "a string as dtype");
                    type = json.GetString()!;
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref json, name, int.MaxValue);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref json, name, dataLength);
                    break;
                default:
                    throw new InvalidPayloadException(
                        $"Tensor '{name}' must have dtype, shape and data_offsets once each, but has '{field}' beyond them.");
            }
        }

        if (type is null || shape is null || offsets is not [var start, var end])
            throw new InvalidPayloadException($"Tensor '{name}' must have a dtype, a shape and two data_offsets.");
        CheckSize(name, type, shape, start, end);
        return new SafetensorsEntry(name, type, shape, start, end);
    }

    static void CheckSize(string name, string type, int[] shape, int start, int end)
    {
        if (SafetensorsTypes.BytesOf(type) is not { } size)
            throw new InvalidPayloadException(
                $"Tensor '{name}' has dtype '{type}'; known are {string.Join(", ", SafetensorsTypes.Known)}.");
        long need = size;
        foreach (int dimension in shape)
            need = Math.Min(need * dimension, int.MaxValue + 1L);
        if (need != (long)end - start)
            throw new InvalidPayloadException(
                $"Tensor '{name}' of shape [{string.Join(", ", shape)}] and dtype {type} needs {need} bytes, but its "
                    + $"data_offsets {start} to {end} hold {(long)end - start}.");
    }

    static void CheckCover(List<SafetensorsEntry> entries, int dataLength)
    {
        int covered = 0;
        foreach (var entry in entries)
        {
            if (entry.Start != covered)
                throw new InvalidPayloadException(
                    $"Tensor '{entry.Name}' must begin where the one before it ends, at byte {covered}, but begins at "
                        + $"{entry.Start}.");
            covered = entry.End;
        }

        if (covered != dataLength)
            throw new InvalidPayloadException(
                $"The tensors cover {covered} bytes, but the file holds {dataLength} after its header.");
    }

    static void CheckMetadata(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.StartObject, "__metadata__", "an object");
        while (NextProperty(ref json, out string field))
            Expect(ref json, JsonTokenType.String, "__metadata__", $"a string as '{field}'");
    }

    static int[] ReadNumbers(ref Utf8JsonReader json, string name, long maximum)
    {
        Expect(ref json, JsonTokenType.StartArray, name, "an array of numbers");
        var numbers = new List<int>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long number) || number < 0 || number > maximum)
                throw new InvalidPayloadException(
                    $"Tensor '{name}' has '{Encoding.UTF8.GetString(json.ValueSpan)}' where a whole number from 0 to {maximum} "
                        + $"must stand.");
            numbers.Add((int)number);
        }

        return [.. numbers];
    }

    static bool NextProperty(ref Utf8JsonReader json, out string name)
    {
        json.Read();
        name = json.TokenType == JsonTokenType.PropertyName ? json.GetString()! : "";
        return json.TokenType == JsonTokenType.PropertyName;
    }

    static void Expect(ref Utf8JsonReader json, JsonTokenType type, string name, string what)
    {
        json.Read();
        if (json.TokenType != type)
            throw new InvalidPayloadException($"'{name}' in the header must hold {what}.");
    }
}

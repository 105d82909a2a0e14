using System.Text;
using System.Text.Json;

namespace Plume.Cli.Experiments.Json;

/// <summary>Reads JSON with comments and trailing commas into a <see cref="JsonTree"/>.</summary>
static class JsonText
{
    static readonly JsonReaderOptions Options = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = 16,
    };

    /// <summary>The value that the text holds.</summary>
    /// <param name="utf8">The text, with or without a byte order mark.</param>
    /// <param name="source">The name to show in places.</param>
    /// <param name="folder">What relative paths in the text are relative to.</param>
    /// <exception cref="FormatException">The text is not JSON; the message begins with line and column.</exception>
    public static JsonTree Parse(ReadOnlySpan<byte> utf8, string source, string folder)
    {
        if (utf8.StartsWith(Encoding.UTF8.Preamble))
            utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        var reader = new Utf8JsonReader(utf8, Options);
        var places = new TextPlaces(utf8, source, folder);
        try
        {
            reader.Read();
            var tree = Value(ref reader, ref places);
            reader.Read();
            return tree;
        }
        catch (JsonException broken)
        {
            string place = $"{source}:{broken.LineNumber + 1}:{broken.BytePositionInLine + 1}";
            throw new FormatException($"{place}: The file is not JSON: {FirstSentence(broken.Message)}.", broken);
        }
        catch (InvalidOperationException broken)
        {
            throw new FormatException($"{places.At(reader.TokenStartIndex)}: The text is not valid UTF-8.", broken);
        }
    }

    static JsonTree Value(ref Utf8JsonReader reader, ref TextPlaces places)
    {
        var place = places.At(reader.TokenStartIndex);
        var kind = reader.TokenType;
        switch (kind)
        {
            case JsonTokenType.StartObject:
                return new JsonTree(kind, "", place, Members(ref reader, ref places));
            case JsonTokenType.StartArray:
                return new JsonTree(kind, "", place, []) { Items = Items(ref reader, ref places) };
            case JsonTokenType.String:
                return new JsonTree(kind, reader.GetString()!, place, []);
            case JsonTokenType.Number:
                return new JsonTree(kind, Encoding.UTF8.GetString(reader.ValueSpan), place, []);
            default:
                return new JsonTree(kind, "", place, []);
        }
    }

    static List<JsonMember> Members(ref Utf8JsonReader reader, ref TextPlaces places)
    {
        var members = new List<JsonMember>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var place = places.At(reader.TokenStartIndex);
            string name = reader.GetString()!;
            reader.Read();
            members.Add(new JsonMember(name, place, Value(ref reader, ref places)));
        }

        return members;
    }

    static List<JsonTree> Items(ref Utf8JsonReader reader, ref TextPlaces places)
    {
        var items = new List<JsonTree>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            items.Add(Value(ref reader, ref places));
        return items;
    }

    static string FirstSentence(string message) => message.Split(". ", 2)[0].TrimEnd('.');
}

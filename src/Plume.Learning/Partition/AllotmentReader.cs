using System.Text.Json;
using Plume.Compression.Wire;
using Plume.Learning.Data;

namespace Plume.Learning.Partition;

/// <summary>Reads the JSON of an <see cref="Allotment"/>, and says at which line and column a rule is broken.</summary>
ref struct AllotmentReader
{
    readonly ReadOnlySpan<byte> text;
    readonly string path;
    Utf8JsonReader json;

    AllotmentReader(ReadOnlySpan<byte> text, string path)
    {
        this.text = text;
        this.path = path;
        json = new Utf8JsonReader(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip });
    }

    /// <summary>The allotment, checked against the samples.</summary>
    /// <exception cref="InvalidPayloadException">The text breaks a rule.</exception>
    public static Allotment Read(ReadOnlySpan<byte> text, string path, LabeledSet set)
    {
        try
        {
            return new AllotmentReader(text, path).ReadObject(set);
        }
        catch (JsonException damage)
        {
            throw new InvalidPayloadException(
                $"File '{path}', line {damage.LineNumber + 1}, column {damage.BytePositionInLine + 1} is not valid JSON: "
                    + $"{damage.Message}", damage);
        }
    }

    Allotment ReadObject(LabeledSet set)
    {
        List<int[]>? clients = null, rounds = null;
        json.Read();
        Expect(JsonTokenType.StartObject, "an object with 'clients', a list of index lists");
        for (json.Read(); json.TokenType != JsonTokenType.EndObject; json.Read())
        {
            // As they are written: unescaping another's key throws where it is half a surrogate pair.
            bool ofClients = json.ValueSpan.SequenceEqual("clients"u8), ofRounds = json.ValueSpan.SequenceEqual("rounds"u8);
            if ((ofClients ? clients : ofRounds ? rounds : null) is not null)
                throw Error("the key stands here a second time");
            // The number of clients bounds what a round may name, so it must be known first.
            if (ofRounds && clients is null)
                throw Error("'rounds' must stand after 'clients'");
            json.Read();
            if (ofClients)
                clients = ReadLists(set.Count, "sample", once: true);
            else if (ofRounds)
                rounds = ReadLists(clients!.Count, "client", once: false);
            else
                json.Skip();
        }

        var allotment = clients is null ? throw Error("'clients' is missing, a list of index lists")
            : new Allotment(clients, rounds);
        json.Read();
        return allotment;
    }

    // Lists of indices below the bound. None stands twice: in a list, or, where once is set, in all of them.
    List<int[]> ReadLists(int bound, string what, bool once)
    {
        var lists = new List<int[]>();
        int[] owner = new int[bound];
        Array.Fill(owner, -1);
        Expect(JsonTokenType.StartArray, $"a list of lists of {what}s");
        for (json.Read(); json.TokenType != JsonTokenType.EndArray; json.Read())
            lists.Add(ReadList(lists.Count, owner, what, once));
        return lists;
    }

    int[] ReadList(int number, int[] owner, string what, bool once)
    {
        var list = new List<int>();
        Expect(JsonTokenType.StartArray, $"a list of {what}s");
        for (json.Read(); json.TokenType != JsonTokenType.EndArray; json.Read())
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt32(out int index) || index < 0 || index >= owner.Length)
                throw Error($"a {what} must be a whole number in 0..{owner.Length - 1}");
            if (once ? owner[index] >= 0 : owner[index] == number)
                throw Error($"{what} {index} stands here a second time; list {owner[index]} has it, counted from 0");
            owner[index] = number;
            list.Add(index);
        }

        return list.Count > 0 ? [.. list] : throw Error($"list {number} must have a {what}, counted from 0");
    }

    readonly void Expect(JsonTokenType token, string what)
    {
        if (json.TokenType != token)
            throw Error($"here must stand {what}");
    }

    readonly InvalidPayloadException Error(string problem)
    {
        var before = text[..(int)json.TokenStartIndex];
        int line = before.Count((byte)'\n') + 1, column = before.Length - before.LastIndexOf((byte)'\n');
        return new InvalidPayloadException($"File '{path}', line {line}, column {column}: {problem}.");
    }
}

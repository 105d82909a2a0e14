using System.IO.Compression;
using System.Text.Json;
using Plume.Compression.Container;
using Plume.Compression.Randomness;
using Plume.Learning.Data;

namespace Plume.Learning.Partition;

/// <summary>
/// A split that was made before and is kept in a JSON file (gzipped where its name ends in .gz): <c>clients</c>, a list
/// of index lists, and perhaps <c>rounds</c>, the list of the clients that take part in each round.
/// </summary>
public sealed record FromFile(string Path) : Partition
{
    /// <inheritdoc/>
    /// <exception cref="InvalidPayloadException">The file breaks a rule: no valid JSON, an index out of range, a sample dealt twice.</exception>
    public override Allotment Deal(LabeledSet set, int clients, RandomKey key)
    {
        ArgumentNullException.ThrowIfNull(set);
        var allotment = Read(set);
        return allotment.Clients.Count == clients
            ? allotment
            : throw new ArgumentException($"File '{Path}' splits the data over {allotment.Clients.Count} clients, but {clients} were asked for.", nameof(clients));
    }

    /// <summary>Reads the split and checks it against the samples.</summary>
    /// <exception cref="InvalidPayloadException">As for <see cref="Deal"/>.</exception>
    public Allotment Read(LabeledSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        using var document = Parse();
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("clients", out var lists))
            throw Broken("needs an object with 'clients', a list of index lists");
        var clients = Lists(lists, "clients", set.Count, $"the {set.Count} samples of '{set.Name}'");
        var seen = new bool[set.Count];
        for (int client = 0; client < clients.Count; client++)
        {
            if (clients[client].Length == 0)
                throw Broken($"leaves client {client} without a sample");
            foreach (int index in clients[client])
            {
                if (seen[index])
                    throw Broken($"deals sample {index} a second time, to client {client}");
                seen[index] = true;
            }
        }

        var rounds = root.TryGetProperty("rounds", out var plan) ? Lists(plan, "rounds", clients.Count, $"the {clients.Count} clients") : null;
        for (int round = 0; round < rounds?.Count; round++)
        {
            if (rounds[round].Distinct().Count() != rounds[round].Length)
                throw Broken($"names a client twice in round {round + 1}");
        }

        return new Allotment(clients, rounds);
    }

    JsonDocument Parse()
    {
        try
        {
            using var file = File.OpenRead(Path);
            using Stream text = Path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
            return JsonDocument.Parse(text);
        }
        catch (Exception damage) when (damage is JsonException or InvalidDataException)
        {
            throw new InvalidPayloadException($"File '{Path}' is not valid JSON: {damage.Message}", damage);
        }
    }

    List<int[]> Lists(JsonElement lists, string name, int bound, string what)
    {
        if (lists.ValueKind != JsonValueKind.Array || lists.EnumerateArray().Any(list => list.ValueKind != JsonValueKind.Array))
            throw Broken($"needs a list of lists as '{name}'");
        return [.. lists.EnumerateArray().Select((list, place) => list.EnumerateArray().Select(number =>
            number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out int index) && index >= 0 && index < bound
                ? index
                : throw Broken($"has {number.GetRawText()} in list {place} of '{name}', which is none of {what}")).ToArray())];
    }

    InvalidPayloadException Broken(string rule) => new($"File '{Path}' {rule}.");
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Plume.EndToEnd.Host;

/// <summary>One thing that clients did or were told, as they saw it on the wire.</summary>
/// <param name="What">Which of <see cref="Sent"/>, <see cref="Counted"/>, <see cref="Refused"/> and <see cref="Ended"/>.</param>
/// <param name="Client">Whose.</param>
/// <param name="Round">The update's round; for the end, the last version.</param>
/// <param name="Attempt">That round's attempt.</param>
/// <param name="Sha256">The update's hash in lower-case hexadecimal; for the end, the model's.</param>
/// <param name="Rule">Why an update was refused.</param>
sealed record HistoryLine(string What, int Client, int Round, int Attempt, string Sha256, string Rule = "")
{
    /// <summary>An update's header went out.</summary>
    public const string Sent = "sent";

    /// <summary>The answer was that it counts.</summary>
    public const string Counted = "counted";

    /// <summary>The answer was that it does not.</summary>
    public const string Refused = "refused";

    /// <summary>The client stayed to the end.</summary>
    public const string Ended = "ended";
}

/// <summary>
/// A file to which the clients of one process add lines; a line is the system's before anything follows from it, so that a kill
/// loses none.
/// </summary>
sealed class History(string path) : IDisposable
{
    readonly FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    readonly Lock gate = new();

    public void Add(HistoryLine line)
    {
        byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(line, HistoryJson.Default.HistoryLine), (byte)'\n'];
        lock (gate)
            file.Write(bytes);
    }

    /// <summary>What a file holds; a line that a kill cut short is left out.</summary>
    public static IEnumerable<HistoryLine> Read(string path)
    {
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        string text = file.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize(line, HistoryJson.Default.HistoryLine)!);
    }

    public void Dispose() => file.Dispose();
}

[JsonSerializable(typeof(HistoryLine))]
sealed partial class HistoryJson : JsonSerializerContext;

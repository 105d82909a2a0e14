using System.Text;
using System.Text.Json;

namespace Plume.Cli.Runs;

/// <summary>metrics.jsonl: one object a round, on the disk when <see cref="Append"/> returns.</summary>
sealed class MetricsLog : IDisposable
{
    readonly FileStream file;
    readonly List<RoundLine> rounds;

    /// <summary>
    /// Opens the file and keeps its lines up to a round; what was written after the last checkpoint is run again.
    /// </summary>
    /// <param name="path">The file; made where there is none.</param>
    /// <param name="lastRound">The last round to keep, 0 for none.</param>
    /// <exception cref="FormatException">A line up to that round is missing or is no line of metrics.</exception>
    public MetricsLog(string path, int lastRound)
    {
        file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            rounds = ReadUpTo(lastRound, path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The rounds in the file.</summary>
    public IReadOnlyList<RoundLine> Rounds => rounds;

    /// <summary>Adds the line of a round.</summary>
    public void Append(RoundLine round)
    {
        file.Write(Encoding.UTF8.GetBytes(Print(round) + "\n"));
        file.Flush(flushToDisk: true);
        rounds.Add(round);
    }

    public void Dispose() => file.Dispose();

    List<RoundLine> ReadUpTo(int lastRound, string path)
    {
        var kept = new List<RoundLine>();
        using var reader = new StreamReader(file, Encoding.UTF8, leaveOpen: true);
        for (int round = 1; round <= lastRound; round++)
        {
            kept.Add(Parse(reader.ReadLine()) is { } line && line.Round == round
                ? line
                : throw new FormatException(
                    $"Line {round} of '{path}' is not the line of round {round}, which the checkpoint has. Start anew in "
                        + $"another folder."));
        }

        file.SetLength(0);
        foreach (var line in kept)
            file.Write(Encoding.UTF8.GetBytes(Print(line) + "\n"));
        return kept;
    }

    static string Print(RoundLine line) => JsonSerializer.Serialize(line, MetricsJson.Default.RoundLine);

    /// <summary>The round of a line; null where it is none.</summary>
    public static RoundLine? Parse(string? line)
    {
        try
        {
            return line is null ? null : JsonSerializer.Deserialize(line, MetricsJson.Default.RoundLine);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

using System.Text;
using Plume.Cli.Runs;
using Plume.Compression.Wording;
using Plume.Pages.Boards;

namespace Plume.Cli.Viewing;

/// <summary>Reads metrics.jsonl while somebody may be writing it: what is new each time, by whole lines.</summary>
sealed class MetricsTail(string path)
{
    readonly List<BoardRound> rounds = [];
    long offset;

    /// <summary>The rounds so far; the same list as long as there is no other.</summary>
    public IReadOnlyList<BoardRound> Rounds { get; private set; } = [];

    /// <summary>Why the file is read no further; empty where all of it is.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Reads what was written since; a line that has no end yet is left for later.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void Read()
    {
        if (!File.Exists(path))
            return;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        // A run that is resumed begins at its last checkpoint.
        if (file.Length < offset)
            Restart();
        if (file.Length == offset || Problem.Length > 0)
            return;
        file.Position = offset;
        var bytes = new byte[file.Length - offset];
        file.ReadExactly(bytes);
        int end = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        offset += end;
        foreach (string line in Encoding.UTF8.GetString(bytes, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Add(line);
        if (end > 0)
            Rounds = [.. rounds];
    }

    void Restart()
    {
        offset = 0;
        rounds.Clear();
        (Rounds, Problem) = ([], "");
    }

    void Add(string text)
    {
        if (Problem.Length > 0)
            return;
        // What is not there is null, whatever its type says.
        if (MetricsLog.Parse(text) is { Refused: not null } line && line.Round == rounds.Count + 1)
            rounds.Add(RoundOf(line));
        else
            Problem = $"Line {rounds.Count + 1} of '{path}' is not the line of round {rounds.Count + 1}: the file is damaged, or of another "
                + $"version of plume. It is read up to there: {Printable.Line(text, longest: 80)}";
    }

    static BoardRound RoundOf(RoundLine line) => new(line.Round, line.Accuracy, line.Loss, line.UplinkBytes, line.DownlinkBytes,
        line.Seconds, line.Accepted, line.Refused.Count)
    {
        Epsilon = line.Epsilon,
        Notes = line.Refused,
    };
}

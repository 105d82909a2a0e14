namespace Plume.Pages.Boards;

/// <summary>What a page shows of one federation, or of one run.</summary>
/// <param name="Name">What it is called; no two boards of a page have the same.</param>
public sealed record Board(string Name)
{
    /// <summary>One line under the name: what it learns; empty for nothing.</summary>
    public string Subtitle { get; init; } = "";

    /// <summary>What it is doing, in one word: <c>Waiting</c>, <c>Collecting</c>, <c>Finished</c>.</summary>
    public string Phase { get; init; } = "";

    /// <summary>Whether no further round opens.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Why it ended, or what it waits for; empty for nothing.</summary>
    public string Message { get; init; } = "";

    /// <summary>Why nothing, or nothing new, can be shown of it; empty where all is well.</summary>
    public string Problem { get; init; } = "";

    /// <summary>The round at hand or the next to open, from 1; 0 where that is not known.</summary>
    public int Round { get; init; }

    /// <summary>The attempt of the round at hand, from 1.</summary>
    public int Attempt { get; init; }

    /// <summary>Rounds of the whole federation.</summary>
    public int Rounds { get; init; }

    /// <summary>The newest version of the model.</summary>
    public int ModelVersion { get; init; }

    /// <summary>Clients that are there; null where nobody can say.</summary>
    public int? Members { get; init; }

    /// <summary>Clients that must be there before the round at hand opens; 0 where that is not known.</summary>
    public int Needed { get; init; }

    /// <summary>Updates that the round at hand asks for.</summary>
    public int Asked { get; init; }

    /// <summary>Updates in its sum.</summary>
    public int Added { get; init; }

    /// <summary>Time to its deadline; null where there is none.</summary>
    public TimeSpan? Left { get; init; }

    /// <summary>Bytes received in all rounds.</summary>
    public long UplinkBytes { get; init; }

    /// <summary>Bytes sent in all rounds.</summary>
    public long DownlinkBytes { get; init; }

    /// <summary>What it is, by name: method, codecs, rhythm.</summary>
    public IReadOnlyList<(string Name, string Value)> Terms { get; init; } = [];

    /// <summary>What is promised of clients' privacy and what is spent of the budget; empty where nothing is promised.</summary>
    public string Privacy { get; init; } = "";

    /// <summary>Where it stands with its budget of bytes; null where it has none.</summary>
    public BoardBudget? Budget { get; init; }

    /// <summary>What an operator should see to, in sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The rounds that are done, oldest first; the same list as long as there is no other.</summary>
    public IReadOnlyList<BoardRound> History { get; init; } = [];

    /// <summary>Who is asked in the round at hand, by number.</summary>
    public IReadOnlyList<BoardParticipant> Participants { get; init; } = [];

    /// <summary>Who has a place, by number.</summary>
    public IReadOnlyList<BoardClient> Clients { get; init; } = [];

    /// <summary>Where the bits of the last payloads went; empty where nobody looked.</summary>
    public IReadOnlyList<BoardTensor> Tensors { get; init; } = [];

    /// <summary>What happened lately, the newest first; empty where nobody wrote it down.</summary>
    public IReadOnlyList<BoardHappening> Log { get; init; } = [];

    /// <summary>What can be downloaded of it.</summary>
    public IReadOnlyList<BoardFile> Files { get; init; } = [];

    /// <summary>What <see cref="Accuracy"/> is, as a word: accuracy, or R2 where a number is predicted.</summary>
    public string Metric { get; init; } = "accuracy";

    /// <summary>The last measured accuracy, 0 to 1; null before the first measurement.</summary>
    public double? Accuracy => History.LastOrDefault(round => round.Accuracy is not null)?.Accuracy;

    /// <summary>The last measured loss; null before the first measurement.</summary>
    public double? Loss => History.LastOrDefault(round => round.Loss is not null)?.Loss;

    /// <summary>The epsilon that is spent; null where no privacy is promised.</summary>
    public double? Epsilon => History.LastOrDefault(round => round.Epsilon is not null)?.Epsilon;
}

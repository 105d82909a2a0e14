using System.Text.Json;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Runs;
using Plume.Pages.Boards;

namespace Plume.Cli.Viewing;

/// <summary>
/// One run folder as a board, finished or at work: read anew whenever it is asked for, as far as it has changed.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="name">What the board is called.</param>
/// <param name="time">Tells how long ago something was written.</param>
/// <param name="isBaseline">Whether the run beside it is meant, which had 32-bit floats.</param>
sealed class ViewedRun(string folder, string name, TimeProvider time, bool isBaseline = false)
{
    static readonly TimeSpan Silent = TimeSpan.FromMinutes(1);

    static readonly (string Name, string What)[] Kept =
    [
        ("report.html", "the report"), ("model.onnx", "the model as it was trained"), ("model.plume", "the same, compressed"),
        ("shipped.onnx", "what ships"), ("shipped.plume", "the same, compressed"), ("metrics.jsonl", "every round's figures"),
        ("clients.csv", "what the run was for each client"), ("tensors.csv", "bits a parameter, by tensor"),
        ("result.json", "what it came to"), ("experiment.json", "the experiment"),
    ];

    readonly MetricsTail metrics = new(Path.Combine(folder, isBaseline ? "baseline" : "", "metrics.jsonl"));
    Board? finished;
    Experiment? experiment;
    string wrong = "";
    DateTime experimentRead;

    public string Name => name;

    /// <summary>How the run stands.</summary>
    public Board Read()
    {
        if (finished is not null)
            return finished;
        try
        {
            ReadExperiment();
            metrics.Read();
            return Stand();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return new Board(name) { Phase = "Unreadable", Problem = problem.Message, History = metrics.Rounds };
        }
    }

    /// <summary>A file that a run leaves; null where it is not there, or is none of those.</summary>
    public Stream? Open(string file) => !isBaseline && Kept.Any(kept => kept.Name == file) && File.Exists(In(file))
        ? new FileStream(In(file), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete) : null;

    Board Stand()
    {
        bool isDone = File.Exists(In("report.html"));
        string problem = string.Join(" ", new[] { wrong, metrics.Problem }.Where(text => text.Length > 0));
        var board = new Board(name)
        {
            Phase = problem.Length > 0 ? "Unreadable" : isDone ? "Finished" : "Unfinished",
            Message = isDone ? "" : Silence() is { } silence ? $"Its last round was written {silence} ago" : "",
            Problem = problem,
            Subtitle = isBaseline ? "the same with 32-bit floats both ways" : folder,
            Round = metrics.Rounds.Count,
            Rounds = experiment?.Rounds ?? metrics.Rounds.Count,
            ModelVersion = metrics.Rounds.Count,
            UplinkBytes = metrics.Rounds.Sum(round => round.UplinkBytes),
            DownlinkBytes = metrics.Rounds.Sum(round => round.DownlinkBytes),
            History = metrics.Rounds,
            Metric = experiment?.Measure ?? "accuracy",
            Budget = isDone && !isBaseline ? BudgetIn(In("result.json")) : null,
            Terms = isBaseline ? [] : [.. experiment?.Written() ?? []],
            Clients = isDone && !isBaseline ? RunTables.Clients(In("clients.csv")) : [],
            Tensors = isDone && !isBaseline ? RunTables.Tensors(In("tensors.csv")) : [],
            Files = isBaseline ? [] : [.. Kept.Where(kept => File.Exists(In(kept.Name)))
                .Select(kept => new BoardFile(kept.Name, kept.What, isDone ? new FileInfo(In(kept.Name)).Length : null))],
        };
        return isDone && problem.Length == 0 ? finished = board : board;
    }

    // Of a run folder of an earlier release, or one that was written half, there is none.
    static BoardBudget? BudgetIn(string path)
    {
        try
        {
            var result = !File.Exists(path) ? null
                : JsonSerializer.Deserialize(File.ReadAllBytes(path), MetricsJson.Default.RunResult);
            return result?.Budget is not { } budget ? null
                : new BoardBudget(budget.Budget, budget.Bytes, budget.Spent, budget.Unused, budget.Sentence);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // In whole minutes, since what is said is sent.
    string? Silence()
    {
        string path = Path.Combine(folder, isBaseline ? "baseline" : "", "metrics.jsonl");
        if (!File.Exists(path))
            return null;
        var silence = time.GetUtcNow() - File.GetLastWriteTimeUtc(path);
        return silence < Silent ? null
            : silence.TotalHours < 2 ? $"{(int)silence.TotalMinutes} min" : $"{(int)silence.TotalHours} h";
    }

    void ReadExperiment()
    {
        string path = In("experiment.json");
        if (!File.Exists(path))
        {
            wrong = $"There is no run in '{folder}': it has no experiment.json.";
            return;
        }

        var written = File.GetLastWriteTimeUtc(path);
        if (written == experimentRead)
            return;
        experimentRead = written;
        try
        {
            (experiment, wrong) = (ExperimentFile.Read(path, []), "");
        }
        catch (Exception problem) when (problem is ExperimentException or CliException)
        {
            wrong = $"The experiment of this run is written half, or of another version of plume. {problem.Message}";
        }
    }

    string In(string file) => Path.Combine(folder, file);
}

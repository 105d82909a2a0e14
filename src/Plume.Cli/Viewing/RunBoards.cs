using Plume.Cli.Errors;
using Plume.Pages.Boards;

namespace Plume.Cli.Viewing;

/// <summary>Run folders for a page, one board each, and one for each that was run with 32-bit floats beside.</summary>
sealed class RunBoards : IBoards
{
    readonly List<ViewedRun> runs;

    /// <param name="folders">Run folders, or folders with run folders in them.</param>
    /// <param name="time">Tells how long ago something was written.</param>
    /// <exception cref="CliException">There is no such folder.</exception>
    public RunBoards(IEnumerable<string> folders, TimeProvider time)
    {
        string[] all = [.. folders.SelectMany(Runs).Distinct(StringComparer.Ordinal)];
        runs = [.. all.SelectMany(folder => WithBaseline(folder, NameOf(folder, all), time))];
    }

    public string Title => "Runs";

    public Task<IReadOnlyList<Board>> ReadAsync(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<Board>>([.. runs.Select(run => run.Read())]);

    public Stream? Open(string board, string file) => runs.FirstOrDefault(run => run.Name == board)?.Open(file);

    static IEnumerable<ViewedRun> WithBaseline(string folder, string name, TimeProvider time)
    {
        yield return new ViewedRun(folder, name, time);
        if (Directory.Exists(Path.Combine(folder, "baseline")))
            yield return new ViewedRun(folder, $"{name}, fp32", time, isBaseline: true);
    }

    // A comparison has its runs in folders of its folder.
    static IEnumerable<string> Runs(string path)
    {
        if (!Directory.Exists(path))
            throw new CliException(ExitCode.Input, $"There is no folder '{path}'. Name one that plume simulate made, or one with such "
                + "folders in it.");
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string[] inside = HasRun(full) ? []
            : [.. Directory.EnumerateDirectories(full).Where(HasRun).Order(StringComparer.Ordinal)];
        return inside.Length == 0 ? [full] : inside;
    }

    static bool HasRun(string folder) => File.Exists(Path.Combine(folder, "experiment.json"));

    // The folder's own name, unless another has the same.
    static string NameOf(string folder, string[] all)
    {
        string name = Path.GetFileName(folder);
        return all.Count(other => Path.GetFileName(other) == name) == 1 ? name : folder;
    }
}

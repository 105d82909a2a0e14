using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Setup.Sources;

namespace Plume.Cli.Compare;

/// <summary>A run of a comparison, before it is run: an experiment by a seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Experiment">What the experiment then says.</param>
/// <param name="Arguments">The command line that says the same.</param>
sealed record PlannedRun(long Seed, Experiment Experiment, string[] Arguments)
{
    /// <summary>The experiment's name.</summary>
    public string Name => Experiment.Name;

    /// <summary>
    /// The experiments of a comparison by each seed, in the order in which they were named: mistakes in any are told before the
    /// first is run.
    /// </summary>
    /// <param name="files">Their files.</param>
    /// <param name="overrides">Keys to override in all of them.</param>
    /// <param name="seeds">The seeds.</param>
    /// <exception cref="CliException">Two have one name.</exception>
    /// <exception cref="ExperimentException">A teacher is missing.</exception>
    public static IReadOnlyList<IReadOnlyList<PlannedRun>> Read(IReadOnlyList<string> files, string[] overrides,
        IReadOnlyList<long> seeds)
    {
        List<IReadOnlyList<PlannedRun>> read =
            [.. files.Select(file =>
                (PlannedRun[])[.. seeds.Select(seed =>
                    Read(file, [.. overrides, "baseline=false", FormattableString.Invariant($"seed={seed}")], seed))])];
        Problem[] missing = [.. read.Select(runs => Teachers.Missing(runs[0].Experiment)).OfType<Problem>()];
        if (missing.Length > 0)
            throw new ExperimentException(missing);
        return read.GroupBy(runs => runs[0].Name, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw new CliException(ExitCode.Usage,
                $"Two experiments are called '{twice.Key}'; a comparison needs a name of its own for each.")
            : read;
    }

    static PlannedRun Read(string file, string[] overrides, long seed) =>
        new(seed, ExperimentFile.Read(file, overrides), [file, .. overrides.SelectMany(pair => (string[])["--set", pair])]);
}

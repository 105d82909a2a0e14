using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Report;
using Plume.Cli.Runs;
using Plume.Cli.Setup;
using Plume.Compression.Codecs;
using Plume.Federation.Methods;

namespace Plume.Cli.Compare;

/// <summary>One run of a comparison: an experiment by a seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Rounds">What each round did.</param>
/// <param name="Result">What it came to.</param>
sealed record ComparedRun(long Seed, IReadOnlyList<RoundLine> Rounds, RunResult Result);

/// <summary>A row of a comparison: an experiment by all seeds.</summary>
/// <param name="Name">The experiment's name.</param>
/// <param name="Settings">What it says.</param>
/// <param name="Runs">One for each seed.</param>
sealed record ComparedExperiment(string Name, Settings Settings, IReadOnlyList<ComparedRun> Runs)
{
    /// <summary>How clients train.</summary>
    public string Training => Settings.Get<TrainingLine>("training").ToString();

    /// <summary>The codec of updates.</summary>
    public string Uplink => Settings.Get<Codec>("uplink").Text;

    /// <summary>The codec of models.</summary>
    public string Downlink => Settings.Get<Codec>("downlink").Text;

    /// <summary>The first seed's run, as a report shows it.</summary>
    public Track FirstTrack => new(Name, Runs[0].Rounds, Uplink, Downlink);

    /// <summary>The last measured accuracies.</summary>
    public Spread Accuracy => Spread.Of(Runs.Select(run => run.Result.Accuracy ?? double.NaN));

    /// <summary>Bytes of all updates.</summary>
    public double UplinkBytes => Runs.Average(run => run.Result.UplinkBytes);

    /// <summary>Bytes of everything that clients received, missed rounds included.</summary>
    public double DownlinkBytes => Runs.Average(run => run.Result.DownlinkBytes);

    /// <summary>Bytes both ways.</summary>
    public double BothBytes => UplinkBytes + DownlinkBytes;

    /// <summary>Seconds of a round, without the measurement.</summary>
    public double SecondsPerRound => Runs.Average(run => run.Result.SecondsPerRound);

    /// <summary>Accuracies of shipped integers in ONNX Runtime; null where floats are shipped.</summary>
    public Spread? Shipped => Runs.All(run => run.Result.Shipped is not null) ? Spread.Of(Runs.Select(run => run.Result.Shipped!.Accuracy)) : null;

    /// <summary>Bytes of the ONNX file that a run leaves.</summary>
    public required double ModelBytes { get; init; }

    /// <summary>The experiments of a comparison by each seed, in the order in which they were named: mistakes in any are told before the first is run.</summary>
    /// <param name="files">Their files.</param>
    /// <param name="overrides">Keys to override in all of them.</param>
    /// <param name="seeds">The seeds.</param>
    /// <exception cref="CliException">Two have one name.</exception>
    /// <exception cref="ExperimentException">A teacher is missing.</exception>
    public static IReadOnlyList<IReadOnlyList<Settings>> Read(IReadOnlyList<string> files, string[] overrides, IReadOnlyList<long> seeds)
    {
        List<IReadOnlyList<Settings>> read = [.. files.Select(file => (Settings[])[.. seeds.Select(seed => ExperimentFile.Read(file, [.. overrides, "baseline=false", FormattableString.Invariant($"seed={seed}")]))])];
        if (read.GroupBy(settings => settings[0].Get<string>("name"), StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new CliException(ExitCode.Usage, $"Two experiments are called '{twice.Key}'; a comparison needs a name of its own for each.");
        Problem[] missing = [.. read.Select(settings => Teachers.Missing(settings[0])).OfType<Problem>()];
        return missing.Length == 0 ? read : throw new ExperimentException(missing);
    }
}

/// <summary>The mean of some figures, and how far they are from one another.</summary>
/// <param name="Mean">Their mean.</param>
/// <param name="Least">The least of them.</param>
/// <param name="Most">The most of them.</param>
readonly record struct Spread(double Mean, double Least, double Most)
{
    public static Spread Of(IEnumerable<double> figures)
    {
        double[] all = [.. figures];
        return new Spread(all.Average(), all.Min(), all.Max());
    }
}

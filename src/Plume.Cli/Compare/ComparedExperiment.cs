using Plume.Cli.Experiments;
using Plume.Cli.Report;
using Plume.Cli.Runs;
using Plume.Federation.Notation;

namespace Plume.Cli.Compare;

/// <summary>One run of a comparison: an experiment by a seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Rounds">What each round did.</param>
/// <param name="Result">What it came to.</param>
sealed record ComparedRun(long Seed, IReadOnlyList<RoundLine> Rounds, RunResult Result);

/// <summary>
/// A row of a comparison: an experiment by all seeds. Figures are means over the seeds; those that a run does not have are null.
/// </summary>
/// <param name="Name">The experiment's name.</param>
/// <param name="Experiment">What it says.</param>
/// <param name="Runs">One for each seed.</param>
sealed record ComparedExperiment(string Name, Experiment Experiment, IReadOnlyList<ComparedRun> Runs)
{
    /// <summary>What travels.</summary>
    public string Exchange => Experiment.Exchange.ToString();

    /// <summary>How clients train.</summary>
    public string Training =>
        (Experiment.Training is { Teaching: { NamesFile: true, Model: { } file } teaching } line
        ? line with { Teaching = teaching with { Model = Path.GetFileName(file) } }
        : Experiment.Training).ToString();

    /// <summary>How the federation learns, in the words that tell.</summary>
    public string How => Experiment.Exchange.Method is null ? Training
        : Experiment.Training == TrainingLine.Plain ? Exchange : $"{Exchange}, {Training}";

    /// <summary>The codec of updates.</summary>
    public string Uplink => Experiment.Uplink.Text;

    /// <summary>The codec of models.</summary>
    public string Downlink => Experiment.Downlink.Text;

    /// <summary>What becomes of the last model; null where it ships as it was trained.</summary>
    public string? Ships => Runs[0].Result.Shipped?.Line;

    /// <summary>The first seed's run, as a report shows it.</summary>
    public Track FirstTrack => new(Name, Runs[0].Rounds, Uplink, Downlink);

    /// <summary>What <see cref="Accuracy"/> is, as a word: accuracy, or R2.</summary>
    public string Metric => Experiment.Measure;

    /// <summary>The last measured accuracies.</summary>
    public Spread Accuracy => Spread.Of(Runs.Select(run => run.Result.Accuracy ?? double.NaN));

    /// <summary>Accuracy on the samples of the tenth of the clients where it is worst.</summary>
    public double? WorstTenth => Mean(result => result.WorstTenth);

    /// <summary>Bytes of all updates.</summary>
    public double UplinkBytes => Runs.Average(run => run.Result.UplinkBytes);

    /// <summary>Bytes of everything that clients received, missed rounds included.</summary>
    public double DownlinkBytes => Runs.Average(run => run.Result.DownlinkBytes);

    /// <summary>Bytes both ways.</summary>
    public double BothBytes => UplinkBytes + DownlinkBytes;

    /// <summary>Seconds of a round here, without the measurement.</summary>
    public double SecondsPerRound => Runs.Average(run => run.Result.SecondsPerRound);

    /// <summary>Seconds that all rounds would take on the clients' links.</summary>
    public double? LinkSeconds => Mean(result => result.LinkSeconds);

    /// <summary>Seconds that all clients worked in all rounds, together.</summary>
    public double ClientSeconds => Runs.Average(run => run.Result.ClientSeconds);

    /// <summary>The most memory that a run's process held.</summary>
    public double PeakMemoryBytes => Runs.Average(run => run.Result.PeakMemoryBytes);

    /// <summary>Accuracy of what ships in ONNX Runtime, where it is not what was trained.</summary>
    public double? ShippedAccuracy => Mean(result => result.Shipped?.Accuracy);

    /// <summary>Bytes of the ONNX file that ships.</summary>
    public double? ModelBytes => Mean(result => result.Ships?.Bytes);

    /// <summary>Bytes of the .plume file that ships.</summary>
    public double? PlumeBytes => Mean(result => result.Ships?.PlumeBytes);

    /// <summary>Microseconds of what ships for one sample.</summary>
    public double? LatencyMicroseconds => Mean(result => result.Ships?.LatencyMicroseconds);

    double? Mean(Func<RunResult, double?> figure) =>
        Runs.Select(run => figure(run.Result)).ToArray() is var all && all.All(value => value is not null) ? all.Average() : null;
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

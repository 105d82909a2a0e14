using Plume.Cli.Runs;

namespace Plume.Cli.Report;


/// <summary>One way the federation was run: compressed, or with 32-bit floats both ways.</summary>
sealed record Track(string Name, IReadOnlyList<RoundLine> Rounds, string Uplink, string Downlink)
{
    public long UplinkBytes => Rounds.Sum(round => round.UplinkBytes);

    public long DownlinkBytes => Rounds.Sum(round => round.DownlinkBytes);

    public double SecondsPerRound => Rounds.Count == 0 ? 0 : Rounds.Average(round => round.Seconds);

    /// <summary>Seconds that all rounds would take on the clients' links; null where there are none.</summary>
    public double? LinkSeconds => Rounds.Count > 0 && Rounds.All(round => round.LinkSeconds is not null)
        ? Rounds.Sum(round => round.LinkSeconds) : null;

    /// <summary>Mean staleness of the updates in all versions; null where rounds are not buffered.</summary>
    public double? Staleness => Rounds.Average(round => round.Staleness);

    /// <summary>The last measured accuracy, 0 to 1; null before the first measurement.</summary>
    public double? Accuracy => Rounds.LastOrDefault(round => round.Accuracy is not null)?.Accuracy;

    public double? Loss => Rounds.LastOrDefault(round => round.Loss is not null)?.Loss;
}

/// <summary>Size of one tensor in an encoded update.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Shape">Its dimensions, as text.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Values">Number of values.</param>
/// <param name="UplinkBits">Bits a value in the uplink.</param>
/// <param name="DownlinkBits">Bits a value in the downlink.</param>
sealed record TensorBits(string Name, string Shape, string Role, int Values, double UplinkBits, double DownlinkBits);

/// <summary>Everything that report.html shows.</summary>
/// <param name="Title">The experiment's name.</param>
/// <param name="Subtitle">The federation in one line.</param>
/// <param name="Compressed">The run with the experiment's codecs.</param>
/// <param name="Baseline">The same with 32-bit floats, when it was run.</param>
/// <param name="Tensors">Where the bits go.</param>
/// <param name="Settings">Every setting by its dotted path.</param>
/// <param name="Versions">What it ran on, by name.</param>
sealed record RunReport(
    string Title,
    string Subtitle,
    Track Compressed,
    Track? Baseline,
    IReadOnlyList<TensorBits> Tensors,
    IReadOnlyList<(string Key, string Value)> Settings,
    IReadOnlyList<(string Key, string Value)> Versions)
{
    /// <summary>The clients' links in one line; null where there are none.</summary>
    public string? Links { get; init; }

    /// <summary>What models are measured by, as a word.</summary>
    public string Measure { get; init; } = "accuracy";

    /// <summary>What the run came to; null where nothing is said of its models.</summary>
    public RunResult? Result { get; init; }
}

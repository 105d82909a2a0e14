using System.Text.Json.Serialization;
using Plume.Cli.Experiments;
using Plume.Federation.Books;
using Plume.Learning.Inference.Metrics;

namespace Plume.Cli.Runs;

/// <summary>The object that <c>plume simulate --json</c> prints.</summary>
/// <param name="Accuracy">The last measured accuracy, 0 to 1, or R2 of a model that predicts a number.</param>
/// <param name="Rounds">Rounds run, those before a resume included.</param>
/// <param name="UplinkBytes">Bytes of all updates.</param>
/// <param name="DownlinkBytes">Bytes of everything clients received.</param>
/// <param name="SecondsPerRound">Mean wall time of a round, without the measurement.</param>
/// <param name="PeakMemoryBytes">The most memory the process held. Both runs share the process: use --no-baseline to measure
/// one.</param>
/// <param name="Refused">Updates that did not count.</param>
/// <param name="Bounded">Updates that counted at less than their size.</param>
/// <param name="Baseline">The same with 32-bit floats both ways, when it was run.</param>
sealed record RunResult(
    double? Accuracy,
    int Rounds,
    long UplinkBytes,
    long DownlinkBytes,
    double SecondsPerRound,
    long PeakMemoryBytes,
    int Refused,
    int Bounded,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RunResult? Baseline)
{
    /// <summary>What <see cref="Accuracy"/> is, as a word: accuracy, or R2.</summary>
    public string Metric { get; init; } = "accuracy";

    /// <summary>The run folder; printed, but not in the folder's own file, which may be moved.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Folder { get; init; }

    /// <summary>Where every draw came from; printed only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Seed { get; init; }

    /// <summary>The codec of updates; printed only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Uplink { get; init; }

    /// <summary>The codec of what clients receive; printed only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Downlink { get; init; }

    /// <summary>Seconds that all participants of all rounds trained and encoded, together.</summary>
    public double ClientSeconds { get; init; }

    /// <summary>Seconds that all rounds would take on the clients' links; null where the experiment has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? LinkSeconds { get; init; }

    /// <summary>Mean staleness of the updates in all versions; null where rounds are not buffered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Staleness { get; init; }

    /// <summary>What the run has given away; null where it promises no privacy.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PrivacySpent? Privacy { get; init; }

    /// <summary>What the run has spent of its budget of bytes; null where it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BudgetReport? Budget { get; init; }

    /// <summary>
    /// Accuracy of what ships on the clients' own training samples, in the mean over the tenth of the clients where it is worst;
    /// null where it was not measured.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? WorstTenth { get; init; }

    /// <summary>The mean over all clients of the same; null where it was not measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ClientMean { get; init; }

    /// <summary>
    /// How well what ships tells each class of the test samples from the others; null where it was not measured.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ClassificationFigures? Figures { get; init; }

    /// <summary>
    /// How close what ships comes to the numbers of the test samples, in their units; null where samples have classes.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RegressionFigures? Regression { get; init; }

    /// <summary>The files of the last model as it was trained; null for a baseline, which leaves none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ModelSize? Model { get; init; }

    /// <summary>
    /// What ships where it is not the model as it was trained: integers, or what the line 'ships' made; null where floats ship as
    /// they are.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ShippedFigures? Shipped { get; init; }

    /// <summary>What was expected of the run; null where it was not planned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PlannedFigures? Planned { get; init; }

    /// <summary>What the run would have cost by other codecs; null where none were asked about.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ShadowFigures>? Shadows { get; init; }

    /// <summary>The size of what ships.</summary>
    [JsonIgnore]
    public ModelSize? Ships => Shipped is { PlumeBytes: > 0 } made
        ? new(made.Bytes, made.PlumeBytes) { LatencyMicroseconds = made.LatencyMicroseconds } : Model;
}

/// <summary>What a run has given away of its clients.</summary>
/// <param name="Epsilon">Spent by the client that took part in the most rounds.</param>
/// <param name="Budget">What each may spend.</param>
/// <param name="Delta">Chance that the promise fails.</param>
/// <param name="Participations">The rounds of that client.</param>
/// <param name="Sentence">The promise, what it assumes, and why the run ended if it ended early.</param>
sealed record PrivacySpent(double Epsilon, double Budget, double Delta, int Participations, string Sentence);

/// <summary>How large and how fast a model is.</summary>
/// <param name="Bytes">Of the ONNX file.</param>
/// <param name="PlumeBytes">Of the .plume file.</param>
sealed record ModelSize(long Bytes, long PlumeBytes)
{
    /// <summary>Median for one sample in ONNX Runtime, one thread; null where it was not measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? LatencyMicroseconds { get; init; }
}

/// <summary>What ships, as ONNX Runtime runs it.</summary>
/// <param name="Accuracy">On the test samples, 0 to 1.</param>
/// <param name="Bytes">Of the ONNX file.</param>
sealed record ShippedFigures(double Accuracy, long Bytes)
{
    /// <summary>Bytes of the .plume file.</summary>
    public long PlumeBytes { get; init; }

    /// <summary>Median for one sample in ONNX Runtime, one thread; null where it was not measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? LatencyMicroseconds { get; init; }

    /// <summary>The line that made it; null where it is what was trained.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Line { get; init; }
}

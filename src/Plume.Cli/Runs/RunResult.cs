using System.Text.Json.Serialization;

namespace Plume.Cli.Runs;

/// <summary>The object that <c>plume simulate --json</c> prints.</summary>
/// <param name="Accuracy">The last measured accuracy, 0 to 1.</param>
/// <param name="Rounds">Rounds run, those before a resume included.</param>
/// <param name="UplinkBytes">Bytes of all updates.</param>
/// <param name="DownlinkBytes">Bytes of everything clients received.</param>
/// <param name="SecondsPerRound">Mean wall time of a round, without the measurement.</param>
/// <param name="PeakMemoryBytes">The most memory the process held. Both runs share the process: use --no-baseline to measure one.</param>
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
    /// <summary>The model of integers that leaves the run; null where floats do.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ShippedFigures? Shipped { get; init; }
}

/// <summary>What ships, as ONNX Runtime runs it.</summary>
/// <param name="Accuracy">On the test samples, 0 to 1.</param>
/// <param name="Bytes">Of the ONNX file.</param>
sealed record ShippedFigures(double Accuracy, long Bytes);

using System.Text.Json.Serialization;
using Plume.Federation.Books;

namespace Plume.Cli.Runs;

/// <summary>One line of metrics.jsonl.</summary>
/// <param name="Round">The round, from 1.</param>
/// <param name="Accuracy">
/// Of the global model after the round, 0 to 1, or R2 where it predicts a number; null where it was not measured.
/// </param>
/// <param name="Loss">Mean cross-entropy, or mean squared error of a normalized number, of the global model after the round; null where it was not measured.</param>
/// <param name="UplinkBytes">Bytes of all updates of the round.</param>
/// <param name="DownlinkBytes">Bytes of everything clients received in the round, missed rounds included.</param>
/// <param name="Seconds">Wall time of the round, without the measurement.</param>
/// <param name="Accepted">Updates in the mean.</param>
/// <param name="Norm">Median of the norms of those updates, before they were bounded.</param>
/// <param name="Bounded">Which of them counted at less than their size, in sentences.</param>
/// <param name="Refused">Why each update that does not count was refused, in sentences.</param>
sealed record RoundLine(
    int Round, double? Accuracy, double? Loss, long UplinkBytes, long DownlinkBytes, double Seconds, int Accepted, double Norm,
    IReadOnlyList<string> Bounded, IReadOnlyList<string> Refused)
{
    /// <summary>The mean of the classes' F1 of the global model after the round; null where it was not measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MacroF1 { get; init; }

    /// <summary>Seconds that all participants trained and encoded, together.</summary>
    public double ClientSeconds { get; init; }

    /// <summary>
    /// Mean seconds of a participant of each capacity, the largest first, 0 where none took part; null where there is one
    /// capacity.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<double>? SecondsByCapacity { get; init; }

    /// <summary>
    /// The epsilon that the client has spent that took part in the most rounds so far; null where the experiment promises no
    /// privacy.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Epsilon { get; init; }

    /// <summary>The norm that updates of the next round are clipped to; null where the clip does not follow their
    /// norms.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NextClip { get; init; }

    /// <summary>The standard deviation of a value between updates of the rounds up to this one, smoothed, as steps of the next
    /// follow it; null where no <c>auto</c> takes its step from it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Spread { get; init; }

    /// <summary>What a budget of bytes took the round for; null where the experiment has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BudgetFigures? Budget { get; init; }

    /// <summary>Mean staleness of the updates in the mean, in versions; null where rounds are not buffered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Staleness { get; init; }

    /// <summary>The largest staleness among them; null where rounds are not buffered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MostStale { get; init; }

    /// <summary>Seconds that the round would take on the clients' links; null where the experiment has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? LinkSeconds { get; init; }

    /// <summary>What the round would have cost by other codecs; null where none were asked about.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ShadowFigures>? Shadows { get; init; }
}

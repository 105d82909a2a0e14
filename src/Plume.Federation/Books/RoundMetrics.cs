using System.Text.Json.Serialization;
using Plume.Federation.Learners;

namespace Plume.Federation.Books;

/// <summary>What one round did.</summary>
/// <param name="Round">From 1.</param>
/// <param name="Accuracy">Of the model that the round made, 0 to 1; null where it was not measured.</param>
/// <param name="Loss">Its mean cross-entropy; null where it was not measured.</param>
/// <param name="TrainingLoss">Mean of the accepted clients' own training losses; 0 where none was accepted.</param>
/// <param name="UplinkBytes">Lengths of the payloads that arrived, refused ones too.</param>
/// <param name="DownlinkBytes">Lengths of what clients downloaded. On a network what was sent before a crash is not known after
/// it.</param>
/// <param name="Seconds">From the round's opening to its end: in a simulation without measuring the model, on a server to its
/// commit.</param>
/// <param name="Accepted">Updates in the mean.</param>
/// <param name="Refused">Why each refused update was, with its client's number.</param>
/// <param name="Norm">Median of the Euclidean norms of the accepted updates, before they were bounded.</param>
/// <param name="Bounded">Which updates counted at less than their size, since their norm was above the round's bound.</param>
public sealed record RoundMetrics(
    int Round,
    double? Accuracy,
    double? Loss,
    double TrainingLoss,
    long UplinkBytes,
    long DownlinkBytes,
    double Seconds,
    int Accepted,
    IReadOnlyList<string> Refused,
    double Norm,
    IReadOnlyList<string> Bounded)
{
    /// <inheritdoc cref="Evaluation.MacroF1"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MacroF1 { get; init; }

    /// <summary>
    /// Seconds that all participants of a simulation trained and encoded, together: wall time on this machine, beside the clients
    /// that worked at once; a server does not know.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double ClientSeconds { get; init; }

    /// <summary>
    /// Mean seconds of a participant of each capacity, the largest first, 0 where none took part; null where there is one
    /// capacity.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<double>? SecondsByCapacity { get; init; }

    /// <summary>
    /// The step that its secure sum says clients of the next round should share; null where updates are not added up in secret.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? NextStep { get; init; }

    /// <summary>
    /// The epsilon that the client has spent that took part in the most rounds so far; null where the plan promises no privacy.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Epsilon { get; init; }

    /// <summary>
    /// The norm that updates of the next round are clipped to; null where the clip does not follow their norms.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NextClip { get; init; }

    /// <summary>
    /// The standard deviation of a value between updates of the rounds up to this one, smoothed, as steps of the next follow it;
    /// null where no <c>auto</c> takes its step from it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Spread { get; init; }

    /// <summary>What a budget of bytes took the round for; null where the plan has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BudgetFigures? Budget { get; init; }

    /// <summary>
    /// Mean staleness of the updates in the mean, where rounds are buffered: how many versions were made since that which an
    /// update started from. Null elsewhere.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Staleness { get; init; }

    /// <summary>The largest staleness among them; null where rounds are not buffered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MostStale { get; init; }

    /// <summary>
    /// Seconds that the round would take on the clients' links, from its start to the last answer that counts; null without
    /// links.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? LinkSeconds { get; init; }
}

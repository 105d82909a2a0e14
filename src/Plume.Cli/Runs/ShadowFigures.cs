using System.Text.Json.Serialization;
using Plume.Simulation.Shadows;

namespace Plume.Cli.Runs;

/// <summary>What a run would have cost by other codecs, and where it would have led.</summary>
/// <param name="Uplink">Of what clients send.</param>
/// <param name="Downlink">Of what they receive.</param>
/// <param name="UplinkBytes">Bytes of all updates.</param>
/// <param name="DownlinkBytes">Bytes of everything clients would have received.</param>
/// <param name="Distance">How far its model is from the run's, as a share of the way that the run's has gone.</param>
/// <param name="Accuracy">Of its model after the last round, 0 to 1; null for a single round.</param>
sealed record ShadowFigures(string Uplink, string Downlink, long UplinkBytes, long DownlinkBytes, double Distance,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Accuracy)
{
    /// <summary>Seconds on the clients' links; null where there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? LinkSeconds { get; init; }

    /// <summary>Of a shadow's last round.</summary>
    public static ShadowFigures OfRound(Shadow shadow) => Of(shadow, [shadow.Rounds[^1]], null);

    /// <summary>Of all its rounds.</summary>
    /// <param name="shadow">The shadow.</param>
    /// <param name="accuracy">Of its model.</param>
    public static ShadowFigures OfRun(Shadow shadow, double accuracy) => Of(shadow, shadow.Rounds, accuracy);

    static ShadowFigures Of(Shadow shadow, IReadOnlyList<ShadowRound> rounds, double? accuracy) => new(
        shadow.Line.Uplink.Text, shadow.Line.Downlink.Text, rounds.Sum(round => round.UplinkBytes),
        rounds.Sum(round => round.DownlinkBytes), rounds.Count == 0 ? 0 : rounds[^1].Distance, accuracy)
    {
        LinkSeconds = rounds.All(round => round.LinkSeconds is not null) ? rounds.Sum(round => round.LinkSeconds) : null,
    };
}

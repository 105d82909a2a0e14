using Plume.Simulation.Shadows;

namespace Plume.Cli.Planning;

/// <summary>What a line is expected to cost and to reach.</summary>
/// <param name="Line">The line.</param>
/// <param name="UplinkBytes">Of all updates of the whole run.</param>
/// <param name="DownlinkBytes">Of all that clients receive in it.</param>
/// <param name="Accuracy">After the probe's last round, 0 to 1.</param>
/// <param name="LinkSeconds">A round's mean time on the clients' links; null where there are none.</param>
sealed record Prediction(ShadowLine Line, long UplinkBytes, long DownlinkBytes, double Accuracy, double? LinkSeconds)
{
    /// <summary>Both directions together.</summary>
    public long Bytes => UplinkBytes + DownlinkBytes;

    /// <summary>Whether another line costs no more and reaches no less, and is better in one of both.</summary>
    public bool IsBeatenBy(Prediction other) => other.Bytes <= Bytes && other.Accuracy >= Accuracy
        && (other.Bytes < Bytes || other.Accuracy > Accuracy);
}

/// <summary>What may not be broken: how much accuracy may be lost, or how many bytes a client may spend.</summary>
/// <param name="Points">Accuracy below floats, in points; null where bytes are bounded.</param>
/// <param name="ClientBytes">Bytes of a client in the mean, both directions and the whole run; null where accuracy is.</param>
sealed record PlanBound(double? Points, long? ClientBytes)
{
    /// <summary>The line to take: the fewest bytes within so many points, or the best within so many bytes; null where none
    /// keeps the bound.</summary>
    /// <param name="predictions">The lines, floats first.</param>
    /// <param name="clients">Clients of the federation.</param>
    public Prediction? Choose(IReadOnlyList<Prediction> predictions, int clients) => Points is { } points
        ? predictions.Where(line => line.Accuracy >= predictions[0].Accuracy - points / 100).MinBy(line => line.Bytes)
        : predictions.Where(line => line.Bytes <= ClientBytes * clients).MaxBy(line => line.Accuracy);
}

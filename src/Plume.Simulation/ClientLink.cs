namespace Plume.Simulation;

/// <summary>One client's link.</summary>
/// <param name="Down">Speed of what it receives, in Mbit/s.</param>
/// <param name="Up">Speed of what it sends, in Mbit/s.</param>
/// <param name="Latency">Seconds that asking and answering take in a round.</param>
/// <param name="DropOut">Chance that it vanishes in a round; null where its link says nothing of it.</param>
public readonly record struct ClientLink(double Down, double Up, double Latency, double? DropOut)
{
    const double BitsOfMegabit = 1e6;

    /// <summary>How long this client works on a task; null where that is measured.</summary>
    public WorkTime? Work { get; init; }

    /// <summary>Seconds from the start of a round to this client's answer: download, latency, work, upload.</summary>
    /// <param name="received">Bytes that it downloads.</param>
    /// <param name="work">Seconds that it computes.</param>
    /// <param name="sent">Bytes that it uploads.</param>
    public double Seconds(long received, double work, long sent) =>
        received * 8 / (Down * BitsOfMegabit) + Latency + work + sent * 8 / (Up * BitsOfMegabit);
}

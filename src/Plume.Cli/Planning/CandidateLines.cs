using System.Globalization;
using Plume.Compression.Codecs;
using Plume.Simulation.Shadows;

namespace Plume.Cli.Planning;

/// <summary>The lines that a plan tries: from those that lose nothing to those that lose much.</summary>
/// <remarks>
/// Steps of a dead zone are in the values' own unit, so they follow the size of the first updates. They halve and double over
/// what was found to matter: from a step that loses nothing that can be measured to one that loses points.
/// </remarks>
static class CandidateLines
{
    // A dead zone's steps, in deviations of the first round's updates.
    static readonly double[] Steps = [0.25, 0.5, 1, 2];

    // Participants of a round that train once more, for a line that loses something.
    const int Trains = 2;

    /// <summary>The lines.</summary>
    /// <param name="deviation">The root mean square of what one value of the model changes by in a client's first update.</param>
    public static IReadOnlyList<ShadowLine> For(double deviation) =>
    [
        Of("uniform(8) | rans", "delta | uniform(8) | rans"),
        Of("uniform(4) | rans", "delta | uniform(8) | rans"),
        Of("feedback | topk(2%) | uniform(4) | rans", DownlinkOf(Step(deviation / 2))),
        Of($"feedback | deadzone(abs={Print(Step(deviation / 2))}) | range", DownlinkOf(Step(deviation / 2))),
        .. Steps.Select(factor => Step(factor * deviation)).Select(step =>
            Of($"feedback | lowrank | deadzone(abs={Print(step)}) | range", DownlinkOf(step))),
    ];

    /// <summary>The line as its accuracy is found out: of one without feedback nothing is left for later, and a model made of the
    /// run's own updates is near enough.</summary>
    public static ShadowLine Measured(ShadowLine line) => line.Uplink.Remembers ? line with { Trains = Trains } : line;

    static ShadowLine Of(string uplink, string downlink) => new(Codec.Parse(uplink), Codec.Parse(downlink));

    // A power of two below the uplink's step: who missed versions catches up by one payload, and what the mean of several clients
    // has of a step is not lost again on the way back.
    static string DownlinkOf(double step) =>
        $"delta | deadzone(abs={Print(Math.Pow(2, Math.Floor(Math.Log2(step))))}) | range";

    // Two digits are enough to write down.
    static double Step(double step)
    {
        double unit = Math.Pow(10, Math.Floor(Math.Log10(step)) - 1);
        return Math.Round(step / unit) * unit;
    }

    static string Print(double step) => ((decimal)step).ToString("0.####################", CultureInfo.InvariantCulture);
}

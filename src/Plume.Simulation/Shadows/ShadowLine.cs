using Plume.Compression.Codecs;
using Plume.Federation.Rounds;

namespace Plume.Simulation.Shadows;

/// <summary>
/// Codecs that a run is looked at with beside its own: <c>feedback | topk(1%)</c> for what clients send, or
/// <c>feedback | topk(1%); delta | uniform(8)</c> for both directions.
/// </summary>
/// <param name="Uplink">Of what clients send.</param>
/// <param name="Downlink">Of what they receive.</param>
public sealed record ShadowLine(Codec Uplink, Codec Downlink)
{
    const char Between = ';';

    /// <summary>
    /// Participants of a round that also train from the shadow's own model, so that it is known how clients make up for what the
    /// line loses. Bytes are nearest with none, accuracy with two.
    /// </summary>
    public int Trains { get; init; }

    /// <summary>Reads a line.</summary>
    /// <param name="text">One codec, or two with a semicolon between them.</param>
    /// <param name="downlink">Of what clients receive where the line does not say it.</param>
    /// <exception cref="FormatException">A codec breaks a rule; the message has the column in it.</exception>
    public static ShadowLine Parse(string text, Codec downlink)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(Between);
        return parts.Length <= 2
            ? new ShadowLine(Codec.Parse(parts[0].Trim()), parts.Length == 1 ? downlink : Codec.Parse(parts[1].Trim()))
            : throw new FormatException($"A line has one codec, or two with a '{Between}' between them, but '{text}' has "
                + $"{parts.Length}.");
    }

    /// <summary>Why a run cannot be looked at with these codecs, in a sentence; null where it can.</summary>
    public string? Misfit(FederationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        const string What = "A shadow encodes each update by another line";
        if (SimulationOptions.UpdatesMisfit(plan, What) is { } others)
            return others;
        if (plan.Uplink.IsSecure || Uplink.IsSecure)
            return $"{What}, and under 'secure' nobody sees single updates. Leave 'secure' out of both lines.";
        if (plan.Privacy is not null || plan.Rule is not null)
            return $"{What} and takes their mean; with "
                + $"{(plan.Rule is null ? "privacy the mean has noise. Leave privacy out"
                : "a rule it is no mean. Let server.rule be mean")}.";
        return (In(plan) is var other ? other.UplinkMisfit ?? other.DownlinkMisfit : null) is { } wrong
            ? $"The shadow '{this}' does not fit: {wrong}" : null;
    }

    /// <summary>The plan with these codecs.</summary>
    public FederationPlan In(FederationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan with { Uplink = Uplink, Downlink = Downlink };
    }

    /// <summary>The notation.</summary>
    public override string ToString() => $"{Uplink}{Between} {Downlink}";
}

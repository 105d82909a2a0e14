using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Codecs.Transform;

namespace Plume.Federation.Rounds;

/// <summary>Which codecs fit which direction: one that does not is refused with the nearest that does.</summary>
static class CodecRules
{
    /// <summary>Why a codec cannot code updates, the sentence after its direction; null where it can.</summary>
    public static string? UplinkMisfit(Codec codec) => codec switch
    {
        { SubtractsReference: true } =>
            $"'{codec}' must not have delta; an update is the difference from the received model already.",
        // What randk leaves out in one round it takes in another.
        { Selects: true, Remembers: false, IsUnbiased: false, IsSecure: false } when !codec.Stages.OfType<RandomK>().Any() =>
            $"'{codec}' drops values for good, which keeps a model from learning; write 'feedback | {codec}'.",
        _ => null,
    };

    /// <summary>Why a codec cannot code models; null where it can.</summary>
    public static string? DownlinkMisfit(Codec codec) => codec switch
    {
        { IsSecure: true } => $"'{codec}' is for updates that are added up; what is published is one message, such as 'delta | "
            + $"deadzone(abs=0.001953125) | range'.",
        { Remembers: true } => $"'{codec}' must not have feedback; with delta, what is dropped stays in the difference to the "
            + $"next version.",
        { Selects: true, SubtractsReference: false } =>
            $"'{codec}' would send a model with values missing; write 'delta | {codec}'.",
        _ => null,
    };

    /// <summary>A codec as it is, with a clip where one must stand.</summary>
    public static string Clipped(Codec codec) => codec.Remembers
        ? string.Join(" | ", [codec.Stages[0], new Clip(1), .. codec.Stages.Skip(1)])
        : string.Join(" | ", [new Clip(1), .. codec.Stages]);
}

using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Codecs.Transform;

namespace Plume.Federation.Methods;

/// <summary>Uplinks of updates in which both ends know where values are.</summary>
static class KnownPlaces
{
    /// <summary>Whether an uplink chooses places or mixes values, so that <c>mask</c> has no place in it.</summary>
    public static bool AreMixed(Codec uplink)
    {
        ArgumentNullException.ThrowIfNull(uplink);
        return uplink.Selects || uplink.Stages.Any(stage => stage is Rotate or LowRank);
    }

    /// <summary>
    /// The uplink with <c>mask</c> before its quantizer; itself where that has no place. All clients know the same places, so
    /// that words of a secure sum stand in them, too.
    /// </summary>
    public static Codec Alone(Codec uplink)
    {
        return AreMixed(uplink) ? uplink
            : Codec.Of(uplink.Stages.Where(IsBefore).Append(new Mask()).Concat(uplink.Stages.SkipWhile(IsBefore)));

        static bool IsBefore(Stage stage) => stage.Kind < StageKind.Select;
    }
}

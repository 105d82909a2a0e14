using System.Text.Json.Serialization;

namespace Plume.Federation.Rounds.Buffering;

/// <summary>What a client was asked to do where rounds are buffered.</summary>
/// <param name="Part">The round that was open, and the client's number among those that it asked.</param>
/// <param name="Deadline">When it is taken for one that does not answer.</param>
public sealed record AskedTask(RoundPart Part, DateTimeOffset Deadline)
{
    /// <summary>The version that was newest then: the client works on this or on a later one.</summary>
    [JsonIgnore]
    public int Version => Part.Round - 1;
}

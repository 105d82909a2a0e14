using System.Text.Json.Serialization;

namespace Plume.Federation.Selection;

/// <summary>That a member let rounds' deadlines pass.</summary>
/// <param name="Missed">How many in a row: an update that counts ends it.</param>
/// <param name="Rest">How many rounds, attempts included, do not ask it from now on.</param>
/// <param name="Before">How many of those were missed by others, who had its number before it.</param>
public sealed record Absence(int Missed, int Rest, int Before = 0)
{
    /// <summary>How many it missed itself.</summary>
    [JsonIgnore]
    public int Own => Missed - Before;
}

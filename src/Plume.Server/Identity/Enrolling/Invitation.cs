namespace Plume.Server.Identity.Enrolling;

/// <summary>What the holder of a one-time token may enrol as, and what came of it.</summary>
/// <param name="Name">Bound to the token.</param>
/// <param name="Role">One role.</param>
/// <param name="Federations">All that the client will see; empty for an admin.</param>
/// <param name="Expires">When it ends.</param>
sealed record Invitation(string Name, Roles Role, IReadOnlyList<string> Federations, DateTimeOffset Expires)
{
    /// <summary>The one key that it was used for; null before.</summary>
    public string? KeyHash { get; init; }

    /// <summary>
    /// The registry's revision of the client when the invitation was used; only that one may be replaced by it.
    /// </summary>
    public long Replaces { get; init; }

    /// <summary>Taken back before it was used.</summary>
    public bool Withdrawn { get; init; }
}

namespace Plume.Server.Identity.Enrolling;

/// <summary>Who is enrolled under a name.</summary>
/// <param name="Name">The client's or admin's name.</param>
/// <param name="Role">One role.</param>
/// <param name="Federations">All that it was invited to; empty for an admin.</param>
/// <param name="KeyHashes">
/// The keys it may call with, at most two, the newest last: the one that it renewed with stays good until its own certificate
/// ends, because the answer with the new certificate can get lost. None for a name that was revoked before it enrolled.
/// </param>
/// <param name="Expires">When the newest certificate ends.</param>
/// <param name="TokenHash">The token that it enrolled with.</param>
/// <param name="Revoked">Whether all its calls are refused.</param>
public sealed record EnrolledEntry(
    string Name, Roles Role, IReadOnlyList<string> Federations, IReadOnlyList<string> KeyHashes, DateTimeOffset Expires,
    string TokenHash, bool Revoked)
{
    /// <summary>An entry that keeps a name out which has none.</summary>
    internal static EnrolledEntry KeptOut(string name, DateTimeOffset now) =>
        new(name, Roles.None, [], [], now, "", Revoked: true);
}

namespace Plume.Server.Identity;

/// <summary>What a caller may do. A certificate has one role; only a server without TLS gives both to whoever calls.</summary>
[Flags]
public enum Roles
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Takes part in the federations that it was invited to.</summary>
    Client = 1,

    /// <summary>Operates the server: status, pause, invitations, revocation.</summary>
    Admin = 2,
}

/// <summary>A role as it stands in certificates and records.</summary>
static class RoleText
{
    const string Client = "client";
    const string Admin = "admin";

    public static string Write(Roles role) => role switch
    {
        Roles.Client => Client,
        Roles.Admin => Admin,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "A certificate is for one role, client or admin."),
    };

    public static Roles Read(string? text) => text switch
    {
        Client => Roles.Client,
        Admin => Roles.Admin,
        _ => Roles.None,
    };
}

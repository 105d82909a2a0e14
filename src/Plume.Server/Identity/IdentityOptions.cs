namespace Plume.Server.Identity;

/// <summary>How a server learns who calls.</summary>
public sealed record IdentityOptions
{
    /// <summary>
    /// Whether calls without TLS are taken from the server's own machine. They name their client themselves and may do
    /// everything: for trials and tests, and never behind a proxy, which would make everyone come from this machine.
    /// </summary>
    public bool Insecure { get; init; }

    /// <summary>The usual <see cref="RenewalGrace"/>.</summary>
    public static readonly TimeSpan UsualGrace = TimeSpan.FromDays(30);

    /// <summary>
    /// How long after its end a certificate can still be renewed, and nothing else: for a client or an operator that was away,
    /// and not revoked meanwhile.
    /// </summary>
    public TimeSpan RenewalGrace { get; init; } = UsualGrace;

    /// <summary>
    /// How often a minute one address may try to enrol, and most tries at once; an IPv6 network of 64 bits counts as one.
    /// </summary>
    public int EnrolmentsPerAddress { get; init; } = 20;

    /// <summary>Calls a second that one caller may make; four seconds' worth at once.</summary>
    public int CallsPerSecond { get; init; } = 100;

    /// <summary>Calls that one caller may have open at a time.</summary>
    public int OpenCalls { get; init; } = 32;

    /// <summary>Refused calls a second after which an address loses the connection that it makes them on.</summary>
    public int RefusalsPerSecond { get; init; } = 20;

    /// <summary>How often a minute all together may, and most tries at once.</summary>
    public int Enrolments { get; init; } = 600;
}

/// <summary>
/// A call that is made also with a certificate that ended less than <see cref="IdentityOptions.RenewalGrace"/> ago.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class WithinGraceAttribute : Attribute;

/// <summary>
/// The role that the calls of an endpoint need; without it, endpoints outside of plume.v1 take any enrolled caller.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class RequiredRoleAttribute : Attribute
{
    /// <summary>Needs a role.</summary>
    public RequiredRoleAttribute(Roles role) => Role = role;

    /// <summary>The role.</summary>
    public Roles Role { get; }
}

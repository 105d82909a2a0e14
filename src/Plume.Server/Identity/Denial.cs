using Grpc.Core;

namespace Plume.Server.Identity;

/// <summary>Why a caller was turned away.</summary>
/// <param name="Status">What the call ends with.</param>
/// <param name="Rule">The rule that was broken, one word of dashes, for the audit log.</param>
/// <param name="Message">What the caller is told, in printable ASCII: no more than it needs for its next step.</param>
public sealed record Denial(StatusCode Status, string Rule, string Message);

/// <summary>A caller is turned away.</summary>
public sealed class DeniedException : Exception
{
    /// <summary>A denial without a reason.</summary>
    public DeniedException()
        : this(Denials.NoCertificate)
    {
    }

    /// <summary>A denial of what a caller asked for.</summary>
    public DeniedException(string message)
        : this(new Denial(StatusCode.PermissionDenied, "denied", message))
    {
    }

    /// <summary>A denial that another error caused.</summary>
    public DeniedException(string message, Exception inner)
        : base(message, inner) => Denial = new Denial(StatusCode.PermissionDenied, "denied", message);

    /// <summary>A denial by a rule.</summary>
    /// <param name="denial">The rule, and what the caller is told.</param>
    public DeniedException(Denial denial)
        : base(denial?.Message) => Denial = denial ?? throw new ArgumentNullException(nameof(denial));

    /// <summary>The rule, and what the caller is told.</summary>
    public Denial Denial { get; }
}

/// <summary>The rules by which callers are turned away.</summary>
static class Denials
{
    const string AskForInvitation = "Ask the operator for a new invitation.";

    public static readonly Denial NoCertificate =
        Unknown("no-certificate", "This call needs a client certificate and none was sent. Enrol with an invitation first.");
    public static readonly Denial OtherAuthority =
        Unknown("other-authority",
            "The client certificate was not issued by this server's authority. Enrol with an invitation of this server.");
    public static readonly Denial NotYetValid =
        Unknown("not-yet-valid", "The client certificate is not valid yet. Set the clocks of client and server.");
    public static readonly Denial Expired =
        Unknown("expired", $"The client certificate has expired and was not renewed in time. {AskForInvitation}");
    public static readonly Denial UnknownClient =
        Unknown("unknown-client", $"This client is not enrolled here. {AskForInvitation}");
    public static readonly Denial UnknownKey =
        Unknown("unknown-key", $"The client certificate was replaced by a later one. Use that one. {AskForInvitation}");
    public static readonly Denial Revoked = Unknown("revoked", $"This client was revoked. {AskForInvitation}");
    public static readonly Denial NotLoopback =
        Unknown("not-secure", "This server takes calls without TLS only if it was told to, and only from its own machine. "
            + "Connect with TLS.");
    public static readonly Denial NoName =
        Unknown("no-name", "A call without TLS says its client's name in the metadata plume-client: 1 to 64 letters, digits, "
            + "dots, dashes and underscores.");

    public static readonly Denial TokenUnknown = Unknown("token-unknown", $"This invitation is not good. {AskForInvitation}");
    public static readonly Denial TokenUsed = Unknown("token-used", $"This invitation was used. {AskForInvitation}");
    public static readonly Denial TokenExpired = Unknown("token-expired", $"This invitation has expired. {AskForInvitation}");
    public static readonly Denial TokenName =
        new(StatusCode.PermissionDenied, "token-name",
            "This invitation is for another name. Ask for a certificate in the name that was invited.");
    public static readonly Denial RenewalName =
        new(StatusCode.PermissionDenied, "renewal-name", "A certificate is renewed in the caller's own name only.");
    public static readonly Denial RequestInvalid =
        new(StatusCode.InvalidArgument, "request-invalid",
            "The certificate request must be a PKCS #10 request in DER, of a P-256 key, signed by that key with SHA-256, with "
                + "one common name and at most 4096 bytes.");
    public static readonly Denial EnrolNeedsTls =
        new(StatusCode.FailedPrecondition, "not-secure", "Certificates are issued over TLS only.");

    public static Denial Role(Roles needed) =>
        new(StatusCode.PermissionDenied, "role",
            $"This call needs the role {RoleText.Write(needed)}, which the caller does not have.");

    public static readonly Denial TooManyCalls =
        new(StatusCode.ResourceExhausted, "too-many-calls",
            "This client makes more calls than the server lets one client make. Wait, and make fewer at a time.");
    public static readonly Denial TooManyConnections =
        new(StatusCode.ResourceExhausted, "too-many-connections",
            "This client has as many connections open as the server lets one client have. Close one, or wait.");

    public static readonly Denial NotInvited =
        new(StatusCode.PermissionDenied, "not-invited",
            "There is no federation of this name that the caller was invited to. Ask the operator for an invitation.");

    static Denial Unknown(string rule, string message) => new(StatusCode.Unauthenticated, rule, message);
}

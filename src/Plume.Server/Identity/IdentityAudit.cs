using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Plume.Server.Identity;

/// <summary>
/// A line for who is turned away, as far as <see cref="Refusals"/> lets, and for every change of who is let in. A name that
/// nothing vouches for stands in it only if it is a valid one; tokens and keys never do.
/// </summary>
public sealed partial class IdentityAudit
{
    readonly ILogger<IdentityAudit> logger;
    readonly Refusals refusals;

    /// <summary>Writes to a log.</summary>
    public IdentityAudit(ILogger<IdentityAudit> logger, Refusals refusals) => (this.logger, this.refusals) = (logger, refusals);

    /// <summary>An operator revoked a name.</summary>
    [LoggerMessage(EventId = 104, Level = LogLevel.Information, Message = "{Operator} revoked {Name}")]
    public partial void Revoked(string @operator, string name);

    /// <summary>An operator invited a name.</summary>
    [LoggerMessage(EventId = 103, Level = LogLevel.Information, Message = "{Operator} invited {Name} as {Role} to {Federations}")]
    public partial void Invited(string @operator, string name, Roles role, string federations);

    /// <summary>An operator signed in to the page.</summary>
    [LoggerMessage(EventId = 109, Level = LogLevel.Information, Message = "{Operator} signed in to the page")]
    internal partial void SignedIn(string @operator);

    /// <summary>Somebody tried to, with a token that was not good.</summary>
    [LoggerMessage(EventId = 110, Level = LogLevel.Warning,
        Message = "Somebody tried to sign in to the page with a token that is not good")]
    internal partial void NotSignedIn();

    internal void Refused(HttpContext context, string? name, Denial denial)
    {
        if (!logger.IsEnabled(LogLevel.Warning) || !refusals.IsShown(denial.Rule, context.Connection.RemoteIpAddress))
            return;
        string call = context.GetEndpoint()?.DisplayName ?? "(unknown call)";
        RefusedCall(ClientName.IsValid(name) ? name!
            : "(no valid name)", Address(context), CertificateOf(context), call, denial.Rule);
    }

    internal void Enrolled(HttpContext context, string name, X509Certificate2 certificate) =>
        Issued("Enrolled", context, name, certificate);

    internal void Renewed(HttpContext context, string name, X509Certificate2 certificate) =>
        Issued("Renewed", context, name, certificate);

    void Issued(string what, HttpContext context, string name, X509Certificate2 certificate)
    {
        if (logger.IsEnabled(LogLevel.Information))
            IssuedCertificate(what, name, Address(context), Print(certificate), certificate.NotAfter.ToUniversalTime());
    }

    [LoggerMessage(EventId = 101, Level = LogLevel.Warning,
        Message = "Refused {Name} from {Address} with certificate {Certificate} at {Call}: {Rule}")]
    partial void RefusedCall(string name, string address, string certificate, string call, string rule);

    [LoggerMessage(EventId = 102, Level = LogLevel.Information,
        Message = "{What} {Name} from {Address} with certificate {Certificate}, good until {Expires:u}")]
    partial void IssuedCertificate(string what, string name, string address, string certificate, DateTime expires);

    static string Address(HttpContext context) => $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";

    static string CertificateOf(HttpContext context) => context.Connection.ClientCertificate is { } certificate
        ? Print(certificate) : "(none)";

    static string Print(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256)[..16];
}

using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;

namespace Plume.Server.Identity;

/// <summary>Finds out who makes a call: from the TLS client certificate, or without TLS from what the call says.</summary>
sealed class CallerIdentification(CertificateCheck? certificates, ClientRegistry registry, IdentityOptions options,
    TimeProvider time)
{
    /// <summary>The metadata in which a call without TLS names its client.</summary>
    public const string NameMetadata = "plume-client";

    /// <summary>
    /// Before a call is refused, what the registry says is read again if it is older than this: the caller may just have enrolled
    /// on another server. Not at every such call, or refused callers would keep the records busy.
    /// </summary>
    static readonly TimeSpan SecondLook = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Whether the call came over TLS: whether its connection had a handshake, which neither a header nor the mere asking for a
    /// client certificate can bring about.
    /// </summary>
    public static bool IsTls(HttpContext context) => context.Features.Get<ITlsHandshakeFeature>() is not null;

    /// <param name="context">The call.</param>
    /// <param name="grace">How long ago the certificate may have ended.</param>
    /// <exception cref="IOException">The registry could not be read.</exception>
    public ValueTask<Identified> IdentifyAsync(HttpContext context, TimeSpan grace)
    {
        if (!IsTls(context))
            return ValueTask.FromResult(IdentifyPlain(context));
        return context.Connection.ClientCertificate is { } certificate && certificates is not null
            ? IdentifyAsync(certificate, certificates, grace, context.RequestAborted)
            : ValueTask.FromResult(new Identified(null, null, Denials.NoCertificate));
    }

    async ValueTask<Identified> IdentifyAsync(X509Certificate2 certificate, CertificateCheck check, TimeSpan grace,
        CancellationToken cancellation)
    {
        var found = check.Check(certificate);
        if (found.Subject is not { } subject)
            return new Identified(null, found.ClaimedName, Denials.OtherAuthority);
        var now = time.GetUtcNow();
        if (now < found.NotBefore)
            return new Identified(null, subject.Name, Denials.NotYetValid);
        if (now > found.NotAfter + grace)
            return new Identified(null, subject.Name, Denials.Expired);
        var entry = await registry.FindAsync(subject.Name, cancellation);
        if (Deny(entry, subject, found.KeyHash) is not null)
            entry = await registry.FindAsync(subject.Name, SecondLook, cancellation);
        return Deny(entry, subject, found.KeyHash) is { } denial
            ? new Identified(null, subject.Name, denial)
            : new Identified(new Caller(subject.Name, entry!.Role, entry.Federations)
            {
                KeyHash = found.KeyHash,
                HasExpired = now > found.NotAfter
            }, subject.Name, null);
    }

    static Denial? Deny(EnrolledEntry? entry, Subject subject, string keyHash)
    {
        if (entry is null)
            return Denials.UnknownClient;
        if (entry.Revoked)
            return Denials.Revoked;
        return entry.Role == subject.Role && entry.KeyHashes.Contains(keyHash) ? null : Denials.UnknownKey;
    }

    Identified IdentifyPlain(HttpContext context)
    {
        string? name = context.Request.Headers[NameMetadata] is [{ } only] ? only : null;
        if (!options.Insecure || !IsLoopback(context.Connection.RemoteIpAddress))
            return new Identified(null, name, Denials.NotLoopback);
        return ClientName.IsValid(name)
            ? new Identified(new Caller(name!, Roles.Client | Roles.Admin, Federations: null), name, null)
            : new Identified(null, null, Denials.NoName);
    }

    static bool IsLoopback(IPAddress? address) =>
        address is not null && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
}

/// <summary>Who calls, or why it is refused.</summary>
/// <param name="Caller">Null where it is refused.</param>
/// <param name="Name">The name that it goes by, for the audit log.</param>
/// <param name="Denial">Null where there is a caller.</param>
readonly record struct Identified(Caller? Caller, string? Name, Denial? Denial);

using System.Security.Cryptography.X509Certificates;
using Plume.Server.Identity.Certificates;

namespace Plume.Server.Identity.Enrolling;

/// <summary>Brings names and keys together: invites, enrols, renews and revokes.</summary>
public sealed class Enrolments
{
    // A certificate that ends so soon after the one on record is no news.
    static readonly TimeSpan SameEnd = TimeSpan.FromHours(1);

    readonly CertificateAuthority authority;
    readonly EnrolmentTokens tokens;
    readonly ClientRegistry registry;

    /// <summary>Enrolments with certificates of one authority.</summary>
    public Enrolments(CertificateAuthority authority, EnrolmentTokens tokens, ClientRegistry registry)
    {
        this.authority = authority;
        this.tokens = tokens;
        this.registry = registry;
    }

    /// <summary>The root's certificate.</summary>
    public X509Certificate2 Root => authority.Root;

    /// <summary>
    /// Trades a token and a request for a certificate. The same key may do it again, for as long as the token is good.
    /// </summary>
    /// <param name="token">One that was issued for the request's name.</param>
    /// <param name="certificateRequest">A PKCS #10 request in DER.</param>
    /// <param name="cancellation">Stops waiting; the token may have been used for the request's key.</param>
    /// <exception cref="DeniedException">The request or the token is not good.</exception>
    /// <exception cref="IOException">The records could not be read or written.</exception>
    public async Task<X509Certificate2> EnrolAsync(string token, ReadOnlyMemory<byte> certificateRequest,
        CancellationToken cancellation)
    {
        // All that can be wrong with the request is told before it could cost the token.
        var request = SigningRequest.Read(certificateRequest.Span);
        var open = await tokens.OpenAsync(token, request.Name, cancellation);
        if (open.Invitation.KeyHash is null)
            open = await ClaimAsync(token, open, request, cancellation);
        var invitation = open.Invitation;
        if (invitation.KeyHash != request.KeyHash)
            throw new DeniedException(Denials.TokenUsed);
        var certificate = authority.IssueClient(request, invitation.Role);
        var entry = new EnrolledEntry(request.Name, invitation.Role, invitation.Federations, [request.KeyHash],
            Expiry(certificate), open.TokenHash, Revoked: false);
        if (!await registry.WriteAsync(entry, invitation.Replaces, cancellation))
            await RequireEnrolledAsync(entry, cancellation);
        return certificate;
    }

    /// <summary>
    /// Issues a newer certificate to a caller that has one; the old one stays good to its end. With one that has ended only the
    /// newest key is renewed, or the answer repeated: a key that was replaced is of no use any more when its certificate has
    /// ended.
    /// </summary>
    /// <param name="caller">Who asks, as its certificate says.</param>
    /// <param name="certificateRequest">A PKCS #10 request in DER for the caller's name.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="DeniedException">The request is not good, or the caller is no longer enrolled with its key.</exception>
    /// <exception cref="IOException">The records could not be read or written.</exception>
    public async Task<X509Certificate2> RenewAsync(Caller caller, ReadOnlyMemory<byte> certificateRequest,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(caller);
        var request = SigningRequest.Read(certificateRequest.Span);
        if (request.Name != caller.Name)
            throw new DeniedException(Denials.RenewalName);
        while (true)
        {
            var found = await registry.ReadAsync(caller.Name, cancellation) ?? throw new DeniedException(Denials.UnknownClient);
            if (found.Entry.Revoked)
                throw new DeniedException(Denials.Revoked);
            if (caller.KeyHash is not { } old || !found.Entry.KeyHashes.Contains(old))
                throw new DeniedException(Denials.UnknownKey);
            if (caller.HasExpired && found.Entry.KeyHashes[^1] is var newest && newest != old && newest != request.KeyHash)
                throw new DeniedException(Denials.UnknownKey);
            var certificate = authority.IssueClient(request, found.Entry.Role);
            string[] keys = old == request.KeyHash ? [old] : [old, request.KeyHash];
            // Who asks again and again costs no write each time.
            if (keys.SequenceEqual(found.Entry.KeyHashes) && Expiry(certificate) - found.Entry.Expires < SameEnd)
                return certificate;
            if (await registry.WriteAsync(found.Entry with { KeyHashes = keys, Expires = Expiry(certificate) }, found.Revision,
                cancellation))
                return certificate;
            certificate.Dispose();
        }
    }

    /// <summary>
    /// Refuses all calls of a name from now on and takes back its unused tokens; a later invitation lets it in again.
    /// </summary>
    /// <returns>False where the name was never invited.</returns>
    /// <exception cref="IOException">The records could not be read or written; try again.</exception>
    public async Task<bool> RevokeAsync(string name, CancellationToken cancellation)
    {
        // Tokens first. One that is being used meanwhile meets an entry of another revision than it was used at.
        bool invited = await tokens.WithdrawAsync(name, cancellation);
        return await registry.RevokeAsync(name, keepOut: invited, cancellation);
    }

    async Task<OpenInvitation> ClaimAsync(string token, OpenInvitation open, SigningRequest request,
        CancellationToken cancellation)
    {
        long replaces = (await registry.ReadAsync(request.Name, cancellation))?.Revision ?? 0;
        return await tokens.ClaimAsync(open, request.KeyHash, replaces, cancellation) is { } claimed
            ? open with { Invitation = claimed }
            : await tokens.OpenAsync(token, request.Name, cancellation);
    }

    /// <summary>
    /// An entry could not be written: that is right only if an earlier, equal call wrote it and it still stands.
    /// </summary>
    async Task RequireEnrolledAsync(EnrolledEntry entry, CancellationToken cancellation)
    {
        var found = await registry.ReadAsync(entry.Name, cancellation);
        if (found is null || found.Entry.TokenHash != entry.TokenHash || !found.Entry.KeyHashes.Contains(entry.KeyHashes[0]))
            throw new DeniedException(Denials.TokenUsed);
        if (found.Entry.Revoked)
            throw new DeniedException(Denials.Revoked);
    }

    static DateTimeOffset Expiry(X509Certificate2 certificate) => certificate.NotAfter.ToUniversalTime();
}

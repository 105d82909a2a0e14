using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Plume.Server.Storage;

namespace Plume.Server.Identity.Enrolling;

/// <summary>
/// One-time tokens of 256 bits by which clients enrol. Only a token's SHA-256 is kept. A token is used by one key, once, even if
/// several servers are asked at the same time; the same key may ask again, in case the answer was lost.
/// </summary>
public sealed class EnrolmentTokens
{
    /// <summary>The longest time for which a token may be used.</summary>
    public static readonly TimeSpan MaxValid = TimeSpan.FromDays(90);

    const int TokenBytes = 32;
    const string Prefix = "tokens/";

    readonly IRecords records;
    readonly TimeProvider time;

    /// <summary>The tokens that are in some records.</summary>
    public EnrolmentTokens(IRecords records, TimeProvider time)
    {
        this.records = records;
        this.time = time;
    }

    /// <summary>Makes a token.</summary>
    /// <param name="name">Who may use it.</param>
    /// <param name="role">One role.</param>
    /// <param name="federations">All federations that a client will see; empty for an admin.</param>
    /// <param name="valid">How long it may be used.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>43 characters of base64url, which are kept nowhere.</returns>
    /// <exception cref="ArgumentException">The name, the role, the federations or the time are not what they may be.</exception>
    /// <exception cref="IOException">It could not be kept.</exception>
    public async Task<string> IssueAsync(string name, Roles role, IReadOnlyList<string> federations, TimeSpan valid,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(federations);
        ClientName.Require(name);
        if (role == Roles.Client == (federations.Count == 0) || role is not (Roles.Client or Roles.Admin))
            throw new ArgumentException("A client is invited to one federation or more, an admin to none by name; say which.",
                nameof(federations));
        if (valid <= TimeSpan.Zero || valid > MaxValid)
            throw new ArgumentOutOfRangeException(nameof(valid), valid,
                $"An invitation is good for up to {MaxValid.TotalDays} days; choose a time above 0.");
        byte[] token = RandomNumberGenerator.GetBytes(TokenBytes);
        var invitation = new Invitation(name, role, [.. federations.Distinct(StringComparer.Ordinal)], time.GetUtcNow() + valid);
        if (!await WriteAsync(new OpenInvitation(Hash(token), invitation, Revision: 0), invitation, cancellation))
            throw new IOException("A token of 256 random bits was there already; is the source of chance broken?");
        return Base64Url.EncodeToString(token);
    }

    /// <summary>The clients that are invited to a federation and have not enrolled with that invitation yet.</summary>
    /// <exception cref="IOException">The records could not be read.</exception>
    internal async Task<IReadOnlyList<string>> OpenToAsync(string federation, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return [.. (await records.ListAsync(Prefix, cancellation)).Select(record => Read(record.Value))
            .Where(invitation => invitation is { Role: Roles.Client, KeyHash: null, Withdrawn: false } && now < invitation.Expires
                && invitation.Federations.Contains(federation, StringComparer.OrdinalIgnoreCase))
            .Select(invitation => invitation.Name)];
    }

    /// <summary>Finds what a token invites to.</summary>
    /// <exception cref="DeniedException">The token is unknown, was taken back, has expired or is for another name.</exception>
    internal async Task<OpenInvitation> OpenAsync(string token, string name, CancellationToken cancellation)
    {
        byte[] bytes = new byte[TokenBytes];
        // The length first: the decoder is not to work through whatever a stranger sends.
        if (token.Length != Base64Url.GetEncodedLength(TokenBytes)
            || Base64Url.DecodeFromChars(token, bytes, out _, out int length) != OperationStatus.Done || length != TokenBytes)
            throw new DeniedException(Denials.TokenUnknown);
        string hash = Hash(bytes);
        var record = await records.ReadAsync(Prefix + hash, cancellation) ?? throw new DeniedException(Denials.TokenUnknown);
        var invitation = Read(record);
        if (invitation.Withdrawn)
            throw new DeniedException(Denials.TokenUnknown);
        if (time.GetUtcNow() >= invitation.Expires)
            throw new DeniedException(Denials.TokenExpired);
        if (invitation.Name != name)
            throw new DeniedException(Denials.TokenName);
        return new OpenInvitation(hash, invitation, record.Revision);
    }

    /// <summary>Uses an invitation for a key.</summary>
    /// <param name="open">As it was read.</param>
    /// <param name="keyHash">The key that gets the certificate.</param>
    /// <param name="replaces">The registry's revision of the client.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>The invitation in use by this key; null where it was used or taken back since it was read.</returns>
    internal async Task<Invitation?> ClaimAsync(OpenInvitation open, string keyHash, long replaces,
        CancellationToken cancellation)
    {
        var claimed = open.Invitation with { KeyHash = keyHash, Replaces = replaces };
        return await WriteAsync(open, claimed, cancellation) ? claimed : null;
    }

    /// <summary>Takes back every token of a name that was not used yet.</summary>
    /// <returns>Whether there ever was a token for the name.</returns>
    internal async Task<bool> WithdrawAsync(string name, CancellationToken cancellation)
    {
        bool any = false;
        foreach (var (key, record) in await records.ListAsync(Prefix, cancellation))
        {
            if (Read(record).Name != name)
                continue;
            any = true;
            string hash = key[Prefix.Length..];
            // A write that fails lost against one that used or took back the token, after which there is nothing to take back.
            if (Read(record) is { KeyHash: null, Withdrawn: false } invitation)
                await WriteAsync(new OpenInvitation(hash, invitation, record.Revision), invitation with { Withdrawn = true },
                    cancellation);
        }

        return any;
    }

    static string Hash(byte[] token) => Convert.ToHexStringLower(SHA256.HashData(token));

    static Invitation Read(Record record) => JsonSerializer.Deserialize(record.Value, IdentityJson.Default.Invitation)!;

    Task<bool> WriteAsync(OpenInvitation open, Invitation invitation, CancellationToken cancellation) =>
        records.WriteAsync(Prefix + open.TokenHash,
            JsonSerializer.SerializeToUtf8Bytes(invitation, IdentityJson.Default.Invitation), open.Revision, cancellation);
}

/// <summary>An invitation as it was read.</summary>
/// <param name="TokenHash">What it is kept under.</param>
/// <param name="Invitation">What it invites to.</param>
/// <param name="Revision">Of its record.</param>
sealed record OpenInvitation(string TokenHash, Invitation Invitation, long Revision);

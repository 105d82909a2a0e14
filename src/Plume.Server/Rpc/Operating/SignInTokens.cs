using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Plume.Server.Identity;

namespace Plume.Server.Rpc.Operating;

/// <summary>
/// Tokens by which operators sign in to this server's page: who calls with an operator's certificate gets one, which is good once
/// and for a short time. They are kept in memory, as hashes.
/// </summary>
sealed class SignInTokens(TimeProvider time)
{
    /// <summary>How long one is good.</summary>
    public static readonly TimeSpan Valid = TimeSpan.FromMinutes(5);

    const int TokenBytes = 16, MostOpen = 100;

    readonly Lock access = new();
    readonly Dictionary<string, Open> open = new(StringComparer.Ordinal);

    /// <summary>Whether there is a page to sign in to.</summary>
    public bool HasPage { get; set; }

    /// <summary>Makes a token.</summary>
    /// <returns>22 characters of base64url; null where so many are open that there must be a mistake.</returns>
    public string? Issue(Caller caller)
    {
        string token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        lock (access)
        {
            foreach (string over in open.Where(entry => !IsGood(entry.Value)).Select(entry => entry.Key).ToList())
                open.Remove(over);
            if (open.Count >= MostOpen)
                return null;
            open[Hash(token)] = new Open(caller, time.GetTimestamp());
        }

        return token;
    }

    /// <summary>Uses a token up.</summary>
    /// <returns>Whose it was; null where it is not good.</returns>
    public Caller? Take(string token)
    {
        lock (access)
            return open.Remove(Hash(token), out var found) && IsGood(found) ? found.Caller : null;
    }

    bool IsGood(Open entry) => time.GetElapsedTime(entry.Began) < Valid;

    static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    sealed record Open(Caller Caller, long Began);
}

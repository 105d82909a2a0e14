using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;

namespace Plume.Pages.Actions;

/// <summary>Who is signed in, for how long, and how often anybody may try to be.</summary>
/// <param name="actions">What they can do; null for a page that can only be looked at.</param>
/// <param name="time">The clock.</param>
sealed class OperatorSessions(IOperatorActions? actions, TimeProvider time) : IDisposable
{
    const int KeyBytes = 32, MostSessions = 64;

    /// <summary>Tries to sign in that may be made at once.</summary>
    public const int TriesAtOnce = 5;

    /// <summary>How long a session lasts, whatever is done in it.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(30);

    static readonly TimeSpan NextTry = TimeSpan.FromSeconds(10);

    // By the hash of what the cookie says, so that no key lies in memory for longer than a request.
    readonly ConcurrentDictionary<string, OperatorSession> sessions = new(StringComparer.Ordinal);

    readonly TokenBucketRateLimiter tries = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = TriesAtOnce,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = NextTry,
        QueueLimit = 0,
    });

    /// <summary>What operators can do; null for a page that can only be looked at.</summary>
    public IOperatorActions? Actions => actions;

    /// <summary>Whether somebody may try to sign in now; each time counts.</summary>
    public bool MayTry()
    {
        using var lease = tries.AttemptAcquire();
        return lease.IsAcquired;
    }

    /// <summary>Begins a session.</summary>
    /// <returns>What its cookie says.</returns>
    public string Begin(Operator who)
    {
        foreach (var over in sessions.Where(entry => !IsGood(entry.Value)))
            sessions.TryRemove(over);
        if (sessions.Count >= MostSessions && sessions.MinBy(entry => entry.Value.Began) is var oldest)
            sessions.TryRemove(oldest);
        string key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes)), hash = Hash(key);
        sessions[hash] = new OperatorSession(who, time.GetTimestamp(), hash);
        return key;
    }

    /// <summary>The session of a cookie; null where there is none, or none any more.</summary>
    public OperatorSession? Find(string? key) =>
        key is { Length: 2 * KeyBytes } && sessions.TryGetValue(Hash(key), out var session) && IsGood(session) ? session : null;

    /// <summary>Ends a session.</summary>
    public void End(OperatorSession session) => sessions.TryRemove(session.Id, out _);

    /// <summary>Time that is left of a session.</summary>
    public TimeSpan LeftOf(OperatorSession session) => Life - time.GetElapsedTime(session.Began);

    public void Dispose() => tries.Dispose();

    bool IsGood(OperatorSession session) => LeftOf(session) > TimeSpan.Zero;

    static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}

/// <summary>A time for which somebody is signed in.</summary>
/// <param name="who">Who.</param>
/// <param name="began">When, as a timestamp.</param>
/// <param name="id">Tells sessions apart; says nothing about their cookies.</param>
sealed class OperatorSession(Operator who, long began, string id)
{
    ActionOutcome? outcome;

    public Operator Who => who;

    public long Began => began;

    public string Id => id;

    /// <summary>What forms are bound to: one of another session is not good in this.</summary>
    public ClaimsPrincipal Principal { get; } = new(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, id)], "operator"));

    /// <summary>Keeps what became of an action for the page that comes next.</summary>
    public void Say(ActionOutcome said) => outcome = said;

    /// <summary>What became of the last action; told once.</summary>
    public ActionOutcome? TakeOutcome() => Interlocked.Exchange(ref outcome, null);
}

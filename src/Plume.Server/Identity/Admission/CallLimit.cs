using System.Net;
using System.Threading.RateLimiting;

namespace Plume.Server.Identity.Admission;

/// <summary>
/// Bounds what one caller may ask for: calls a second and calls at a time by its name, so that clients who share an address do
/// not share a bound; and refused calls a second by address, since who is refused has no name that counts.
/// </summary>
sealed class CallLimit(IdentityOptions options) : IDisposable
{
    const int BurstSeconds = 4;

    readonly PartitionedRateLimiter<string> calls = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<string, string>(caller =>
            RateLimitPartition.GetConcurrencyLimiter(caller,
                _ => new ConcurrencyLimiterOptions { PermitLimit = options.OpenCalls })),
        PartitionedRateLimiter.Create<string, string>(caller =>
            RateLimitPartition.GetTokenBucketLimiter(caller, _ => Bucket(options.CallsPerSecond))));

    readonly PartitionedRateLimiter<IPAddress> refusals =
        PartitionedRateLimiter.Create<IPAddress, IPAddress>(network =>
            RateLimitPartition.GetTokenBucketLimiter(network, _ => Bucket(options.RefusalsPerSecond)));

    /// <summary>
    /// Begins a call, which lasts until what is returned is disposed; it is not acquired where the caller asks for too much.
    /// </summary>
    public RateLimitLease Enter(string caller) => calls.AttemptAcquire(caller);

    /// <summary>Whether an address may be refused once more on the same connection.</summary>
    public bool MayAskAgain(IPAddress? address)
    {
        using var lease = refusals.AttemptAcquire(NetworkAddress.Of(address));
        return lease.IsAcquired;
    }

    public void Dispose()
    {
        calls.Dispose();
        refusals.Dispose();
    }

    static TokenBucketRateLimiterOptions Bucket(int perSecond) => new()
    {
        TokenLimit = BurstSeconds * perSecond,
        TokensPerPeriod = perSecond,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
    };
}

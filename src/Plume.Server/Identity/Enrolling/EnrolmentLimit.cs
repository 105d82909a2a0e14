using System.Net;
using System.Threading.RateLimiting;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Plume.Server.Identity.Admission;

namespace Plume.Server.Identity.Enrolling;

/// <summary>
/// Bounds how often strangers may try to enrol, which is the one call that anybody may make and that costs the server a signature
/// and a reading of its records. A call beyond the bound is refused before a byte of its message is read.
/// </summary>
sealed class EnrolmentLimit(IdentityOptions options, IdentityAudit audit) : IMiddleware, IDisposable
{
    // What gRPC's own clients wait by when they are told to try again later.
    const string PushBack = "grpc-retry-pushback-ms";

    static readonly string EnrolmentName = Protocol.V1.Enrolment.Descriptor.FullName;
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // An address that has spent its own does not spend what is there for all.
    readonly PartitionedRateLimiter<HttpContext> tries = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<HttpContext, IPAddress>(http =>
            RateLimitPartition.GetTokenBucketLimiter(NetworkAddress.Of(http.Connection.RemoteIpAddress),
                _ => Bucket(options.EnrolmentsPerAddress))),
        PartitionedRateLimiter.Create<HttpContext, int>(_ =>
            RateLimitPartition.GetTokenBucketLimiter(0, _ => Bucket(options.Enrolments))));

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var call = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method;
        if (call?.ServiceName != EnrolmentName || call.Name != nameof(EnrolmentRpc.Enrol))
        {
            await next(context);
            return;
        }

        using var lease = tries.AttemptAcquire(context);
        if (lease.IsAcquired)
        {
            await next(context);
            return;
        }

        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : Minute;
        var denial = new Denial(StatusCode.ResourceExhausted, "too-many-enrolments",
            $"Too many have tried to enrol. Try again in {Math.Ceiling(wait.TotalSeconds):0} seconds.");
        audit.Refused(context, null, denial);
        context.Response.Headers[PushBack] = $"{Math.Ceiling(wait.TotalMilliseconds):0}";
        await CallerGate.RefuseAsync(context, denial);
    }

    public void Dispose() => tries.Dispose();

    static TokenBucketRateLimiterOptions Bucket(int perMinute) => new()
    {
        TokenLimit = perMinute,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = Minute / perMinute,
        QueueLimit = 0,
    };
}

using System.Threading.RateLimiting;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Plume.Server.Identity.Admission;

namespace Plume.Server.Identity;

/// <summary>
/// Stands before every endpoint and lets through who may call it, before a byte of the call's messages is read. Endpoints that
/// allow anonymous callers are open.
/// </summary>
/// <remarks>Not a gRPC interceptor, which sees a unary call only when its message was parsed.</remarks>
sealed class CallerGate(RequestDelegate next, CallerIdentification identification, IdentityOptions options, CallLimit limit,
    IdentityAudit audit)
{
    static readonly string FederationName = Protocol.V1.Federation.Descriptor.FullName;
    static readonly string EnrolmentName = Protocol.V1.Enrolment.Descriptor.FullName;
    const string HealthName = "grpc.health.v1.Health";

    static readonly Denial CannotCheck =
        new(StatusCode.Unavailable, "registry-unavailable",
            "The server cannot look up who calls at the moment. Try again later.");

    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        string? service = endpoint?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.ServiceName;
        if (endpoint?.Metadata.GetMetadata<IAllowAnonymous>() is not null || service == HealthName)
        {
            await next(context);
            return;
        }

        bool isWithinGrace = endpoint?.Metadata.GetMetadata<WithinGraceAttribute>() is not null;
        var found = await IdentifyAsync(context, isWithinGrace ? options.RenewalGrace : TimeSpan.Zero);
        var needed = RoleFor(endpoint, service);
        using var call = found.Caller is { } caller ? limit.Enter(caller.Name) : null;
        var denial = found.Denial ?? (found.Caller!.Has(needed) ? Exceeded(context, found.Caller, call!) : Denials.Role(needed));
        if (denial is not null)
        {
            audit.Refused(context, found.Name, denial);
            await DenyAsync(context, denial);
            return;
        }

        context.Features.Set(found.Caller);
        await next(context);
    }

    static Denial? Exceeded(HttpContext context, Caller caller, RateLimitLease call)
    {
        if (!call.IsAcquired)
            return Denials.TooManyCalls;
        return context.Features.Get<Guest>()?.TryBelongTo(caller.Name) == false ? Denials.TooManyConnections : null;
    }

    // Whoever is refused again and again pays each time with a handshake.
    Task DenyAsync(HttpContext context, Denial denial)
    {
        if (!limit.MayAskAgain(context.Connection.RemoteIpAddress))
            context.Connection.RequestClose();
        return RefuseAsync(context, denial);
    }

    /// <summary>What plume.v1 does not list here is for admins, so that a new method is not open by oversight.</summary>
    static Roles RoleFor(Endpoint? endpoint, string? service)
    {
        if (endpoint?.Metadata.GetMetadata<RequiredRoleAttribute>() is { } required)
            return required.Role;
        if (service == FederationName)
            return Roles.Client;
        return service is not null && service != EnrolmentName && service.StartsWith("plume.", StringComparison.Ordinal)
            ? Roles.Admin : Roles.None;
    }

    async ValueTask<Identified> IdentifyAsync(HttpContext context, TimeSpan grace)
    {
        try
        {
            return await identification.IdentifyAsync(context, grace);
        }
        catch (Exception unread) when (unread is IOException or InvalidDataException)
        {
            return new Identified(null, null, CannotCheck);
        }
    }

    /// <summary>A gRPC call ends by its trailers alone; any other request gets the status that HTTP has for it.</summary>
    internal static Task RefuseAsync(HttpContext context, Denial denial)
    {
        var response = context.Response;
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true)
        {
            response.ContentType = "application/grpc";
            response.Headers["grpc-status"] = ((int)denial.Status).ToString();
            response.Headers["grpc-message"] = denial.Message;
            return Task.CompletedTask;
        }

        response.StatusCode = denial.Status switch
        {
            StatusCode.Unauthenticated => StatusCodes.Status401Unauthorized,
            StatusCode.PermissionDenied => StatusCodes.Status403Forbidden,
            StatusCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
            _ => StatusCodes.Status503ServiceUnavailable,
        };
        response.ContentType = "text/plain";
        return response.WriteAsync(denial.Message + "\n");
    }
}

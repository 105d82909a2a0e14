using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Plume.Server.Identity;

/// <summary>Who makes a call, as its certificate and the registry say.</summary>
/// <param name="Name">The client's or admin's name.</param>
/// <param name="Roles">What it may do.</param>
/// <param name="Federations">The federations that it was invited to; null for all, on a server without TLS.</param>
public sealed record Caller(string Name, Roles Roles, IReadOnlyList<string>? Federations)
{
    /// <summary>The key it calls with; null on a server without TLS.</summary>
    internal string? KeyHash { get; init; }

    /// <summary>Whether its certificate has ended, so that all it can do is renew it.</summary>
    internal bool HasExpired { get; init; }

    /// <summary>Whether it has a role.</summary>
    public bool Has(Roles role) => (Roles & role) == role;

    /// <summary>Whether it may take part in a federation.</summary>
    public bool MayJoin(string federation) =>
        Has(Roles.Client) && (Federations is null || Federations.Contains(federation, StringComparer.Ordinal));
}

/// <summary>The caller of a gRPC call.</summary>
public static class CallerContext
{
    /// <summary>Who makes the call.</summary>
    /// <exception cref="RpcException">The call is open to callers without a name and this one has none.</exception>
    public static Caller GetCaller(this ServerCallContext context) =>
        context.GetHttpContext().Features.Get<Caller>() ?? throw ToRpc(Denials.NoCertificate);

    /// <summary>Who makes the call, which concerns one federation.</summary>
    /// <exception cref="RpcException">The caller was not invited to it; whether it exists is not told.</exception>
    public static Caller GetCallerIn(this ServerCallContext context, string federation)
    {
        var caller = context.GetCaller();
        if (caller.MayJoin(federation))
            return caller;
        var http = context.GetHttpContext();
        http.RequestServices.GetRequiredService<IdentityAudit>().Refused(http, caller.Name, Denials.NotInvited);
        throw ToRpc(Denials.NotInvited);
    }

    internal static RpcException ToRpc(Denial denial) => new(new Status(denial.Status, denial.Message));
}

using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Plume.Protocol.V1;
using Plume.Server.Identity.Certificates;

namespace Plume.Server.Identity.Enrolling;

/// <summary>How a client gets its certificate.</summary>
public sealed class EnrolmentRpc : Enrolment.EnrolmentBase
{
    readonly Enrolments enrolments;
    readonly IdentityAudit audit;

    /// <summary>Answers for some enrolments.</summary>
    public EnrolmentRpc(Enrolments enrolments, IdentityAudit audit)
    {
        this.enrolments = enrolments;
        this.audit = audit;
    }

    /// <summary>Trades a token and a request for a certificate. The caller has none yet.</summary>
    [AllowAnonymous]
    public override async Task<EnrolReply> Enrol(EnrolRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        var http = context.GetHttpContext();
        try
        {
            if (!CallerIdentification.IsTls(http))
                throw new DeniedException(Denials.EnrolNeedsTls);
            using var certificate = await enrolments.EnrolAsync(request.Token, request.CertificateRequest.Memory,
                context.CancellationToken);
            audit.Enrolled(http, Subject.Read(certificate.SubjectName)!.Value.Name, certificate);
            return Reply(certificate);
        }
        catch (Exception error) when (error is DeniedException or IOException)
        {
            throw Refuse(http, name: null, error);
        }
    }

    /// <summary>
    /// Trades a certificate that is good, or ended a short while ago, and a request for a newer one. The caller is known by the
    /// certificate.
    /// </summary>
    [WithinGrace]
    public override async Task<EnrolReply> Renew(RenewRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        var http = context.GetHttpContext();
        var caller = context.GetCaller();
        try
        {
            using var certificate = await enrolments.RenewAsync(caller, request.CertificateRequest.Memory,
                context.CancellationToken);
            audit.Renewed(http, caller.Name, certificate);
            return Reply(certificate);
        }
        catch (Exception error) when (error is DeniedException or IOException)
        {
            throw Refuse(http, caller.Name, error);
        }
    }

    EnrolReply Reply(X509Certificate2 certificate) => new()
    {
        Certificate = ByteString.CopyFrom(certificate.RawDataMemory.Span),
        Issuers = { ByteString.CopyFrom(enrolments.Root.RawDataMemory.Span) },
    };

    RpcException Refuse(HttpContext http, string? name, Exception error)
    {
        if (error is not DeniedException { Denial: var denial })
            return new RpcException(
                new Status(StatusCode.Unavailable, "The server cannot keep who is enrolled at the moment. Try again later."));
        audit.Refused(http, name, denial);
        return CallerContext.ToRpc(denial);
    }
}

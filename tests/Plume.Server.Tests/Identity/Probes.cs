using Grpc.Core;
using Plume.Protocol.V1;
using Plume.Server.Identity;

namespace Plume.Server.Tests.Identity;

/// <summary>Answers a join with the caller's place in the alphabet; what matters is who comes through to it.</summary>
sealed class FederationProbe : Protocol.V1.Federation.FederationBase
{
    public override Task<JoinReply> Join(JoinRequest request, ServerCallContext context) =>
        System.Threading.Tasks.Task.FromResult(new JoinReply { Uplink = context.GetCallerIn(request.Federation).Name });
}

/// <summary>Tells an operator who it is.</summary>
sealed class OperationProbe : Operation.OperationBase
{
    public override Task<FederationStatus> Status(StatusRequest request, ServerCallContext context) =>
        System.Threading.Tasks.Task.FromResult(new FederationStatus { Message = context.GetCaller().Name });
}

using Grpc.Core;
using Plume.Compression.Wire;

namespace Plume.Client.Calls;

/// <summary>Which failures pass, so that the same call is worth making again, and what the others mean.</summary>
static class CallFailure
{
    /// <summary>
    /// Whether it may go well another time: the server or the way to it is in trouble, or bytes were damaged on the way.
    /// </summary>
    public static bool Passes(Exception failure) => failure switch
    {
        RpcException call => !IsFinal(call.StatusCode),
        OperationCanceledException or IOException or InvalidPayloadException => true,
        _ => false,
    };

    /// <summary>What a failure that does not pass means for the program that joined.</summary>
    public static FederationException Explain(RpcException failure, ClientOptions options) => new(
        $"'{options.Name}' cannot take part in the federation '{options.Federation}' on {options.Server}: "
            + $"{failure.Status.Detail} {NextStep(failure.StatusCode)}", failure);

    /// <summary>
    /// What it means that server and client did not come to terms over TLS, for a client that never did; null where they did.
    /// </summary>
    public static FederationException? Distrust(RpcException failure, ClientOptions options) =>
        ConnectionTrouble.IsDistrust(failure)
        ? new FederationException(
            $"'{options.Name}' cannot take part in the federation '{options.Federation}' on {options.Server}: "
                + $"{ConnectionTrouble.Explain(failure, options.Server)}", failure)
        : null;

    /// <summary>What happened, in a few words.</summary>
    public static string Describe(Exception failure, ClientOptions options) => failure switch
    {
        RpcException when ConnectionTrouble.Explain(failure, options.Server) is { } trouble => trouble,
        RpcException call => $"{call.StatusCode}: {call.Status.Detail}",
        OperationCanceledException => "nothing moved for too long",
        _ => failure.Message,
    };

    static bool IsFinal(StatusCode code) =>
        code is StatusCode.Unauthenticated or StatusCode.PermissionDenied or StatusCode.NotFound or StatusCode.Unimplemented
            or StatusCode.InvalidArgument;

    static string NextStep(StatusCode code) => code switch
    {
        StatusCode.Unauthenticated => "Check the client's certificate, or enrol it with a new invitation.",
        StatusCode.PermissionDenied => "Ask the operator for an invitation to this federation.",
        StatusCode.NotFound => "Check the federation's name.",
        StatusCode.Unimplemented => "Check the address: what answers there does not speak plume.v1.",
        StatusCode.FailedPrecondition => "Use a release of the same age on both ends.",
        _ => "Check the client's options.",
    };
}

using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;

namespace Plume.Server.Rpc;

/// <summary>Tells clients of a trouble that is the server's own as UNAVAILABLE, which means: nothing was lost, ask again. Its details stay in the log.</summary>
sealed partial class StorageErrors(ILogger<StorageErrors> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context).ConfigureAwait(false);
        }
        catch (Exception problem) when (IsOurs(problem, context))
        {
            throw Unavailable(problem, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context).ConfigureAwait(false);
        }
        catch (Exception problem) when (IsOurs(problem, context))
        {
            throw Unavailable(problem, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception problem) when (IsOurs(problem, context))
        {
            throw Unavailable(problem, context);
        }
    }

    static bool IsOurs(Exception problem, ServerCallContext context) => problem is not RpcException && !context.CancellationToken.IsCancellationRequested;

    RpcException Unavailable(Exception problem, ServerCallContext context)
    {
        LogTrouble(logger, context.Method, problem);
        return new RpcException(new Status(StatusCode.Unavailable, "The server cannot do this now; nothing was lost, try again."));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} could not be answered")]
    static partial void LogTrouble(ILogger logger, string method, Exception problem);
}

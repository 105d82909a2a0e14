using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;
using Plume.Compression.Wording;

namespace Plume.Server.Rpc;

/// <summary>
/// Tells clients of a trouble that is the server's own as UNAVAILABLE, which means: nothing was lost, ask again. Its details stay
/// in the log. What is refused is told in short.
/// </summary>
sealed partial class StorageErrors(ILogger<StorageErrors> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest,
        TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context).ConfigureAwait(false);
        }
        catch (RpcException refusal)
        {
            throw Short(refusal);
        }
        catch (Exception problem) when (IsOurs(problem, context))
        {
            throw Unavailable(problem, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest,
        TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context,
            ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context).ConfigureAwait(false);
        }
        catch (RpcException refusal)
        {
            throw Short(refusal);
        }
        catch (Exception problem) when (IsOurs(problem, context))
        {
            throw Unavailable(problem, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest,
        TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
            ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context).ConfigureAwait(false);
        }
        catch (RpcException refusal)
        {
            throw Short(refusal);
        }
        catch (Exception problem) when (IsOurs(problem, context))
        {
            throw Unavailable(problem, context);
        }
    }

    // It may say what the caller sent, which must not come back at length, nor could: it goes as a header.
    static RpcException Short(RpcException refusal) =>
        new(new Status(refusal.StatusCode, Printable.Line(refusal.Status.Detail)), refusal.Trailers);

    static bool IsOurs(Exception problem, ServerCallContext context) =>
        problem is not RpcException && !context.CancellationToken.IsCancellationRequested;

    RpcException Unavailable(Exception problem, ServerCallContext context)
    {
        if (problem is IOException or TimeoutException or OperationCanceledException or OrleansException)
            LogTrouble(logger, context.Method, problem.Message);
        else
            LogDefect(logger, context.Method, problem);
        return new RpcException(
            new Status(StatusCode.Unavailable, "The server cannot do this now; nothing was lost, try again."));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} could not be answered: {Problem}")]
    static partial void LogTrouble(ILogger logger, string method, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} could not be answered, by a defect")]
    static partial void LogDefect(ILogger logger, string method, Exception problem);
}

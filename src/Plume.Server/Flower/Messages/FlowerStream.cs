using Google.Protobuf;
using Grpc.Core;
using Plume.Protocol.Flower;

namespace Plume.Server.Flower.Messages;

/// <summary>
/// One client's stream, with time limits. A limit stops the waiting and not the read, which gRPC could not take up again.
/// </summary>
/// <remarks>That the client is gone shows as an <see cref="ClientGoneException"/>, however it went.</remarks>
sealed class FlowerStream(IAsyncStreamReader<ClientMessage> reader, IServerStreamWriter<ServerMessage> writer, TimeProvider time,
    Action abort)
{
    static readonly TimeSpan LongestWait = TimeSpan.FromDays(40);
    Task<ClientMessage>? reading;

    /// <summary>Ends when there is a message to take, or there never will be one.</summary>
    public Task Arrival => reading ??= ReadAsync();

    /// <summary>Takes the next message.</summary>
    /// <param name="until">When to stop waiting for it.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="AnswerLateException">It has not come; it can still be taken later.</exception>
    /// <exception cref="ClientGoneException">The client is gone.</exception>
    /// <exception cref="RpcException">What came is no message, or is too large.</exception>
    public async Task<ClientMessage> TakeAsync(DateTimeOffset until, CancellationToken cancellation)
    {
        reading ??= ReadAsync();
        var message = await InTimeAsync(reading, until, cancellation);
        reading = null;
        return message.MsgCase == ClientMessage.MsgOneofCase.DisconnectRes
            ? throw new ClientGoneException($"The client disconnected: {message.DisconnectRes.Reason}.")
            : message;
    }

    /// <summary>Sends a message; the stream is of no use after a time-out.</summary>
    /// <param name="message">The message.</param>
    /// <param name="until">When the client must have taken it.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="ClientGoneException">The client is gone, or did not take the message in time.</exception>
    public async Task SendAsync(ServerMessage message, DateTimeOffset until, CancellationToken cancellation)
    {
        var sending = writer.WriteAsync(message, CancellationToken.None);
        try
        {
            await sending.WaitAsync(Left(until), time, cancellation);
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException && !sending.IsCompleted)
        {
            abort();
            Observe(sending);
            if (failure is TimeoutException)
                throw new ClientGoneException("The client did not take the message in time.", failure);
            throw;
        }
        catch (Exception failure) when (IsGone(failure))
        {
            throw new ClientGoneException("The client reset the stream.", failure);
        }
    }

    /// <summary>Leaves what is still to come unread.</summary>
    public void Close()
    {
        if (reading is not null)
            Observe(reading);
    }

    async Task<ClientMessage> InTimeAsync(Task<ClientMessage> read, DateTimeOffset until, CancellationToken cancellation)
    {
        try
        {
            return await read.WaitAsync(Left(until), time, cancellation);
        }
        catch (TimeoutException late)
        {
            throw new AnswerLateException(late);
        }
    }

    async Task<ClientMessage> ReadAsync()
    {
        try
        {
            if (await reader.MoveNext(CancellationToken.None))
                return reader.Current;
        }
        catch (Exception failure) when (failure is InvalidProtocolBufferException or InvalidDataException)
        {
            throw new RpcException(new Grpc.Core.Status(StatusCode.InvalidArgument,
                $"What was sent is no message of flwr.proto. {failure.Message}", failure));
        }
        catch (Exception failure) when (IsGone(failure))
        {
            throw new ClientGoneException("The client reset the stream.", failure);
        }

        throw new ClientGoneException("The client ended the stream.");
    }

    // gRPC says InvalidOperation where the call is over already.
    static bool IsGone(Exception failure) => failure is IOException or OperationCanceledException or InvalidOperationException;

    static void Observe(Task task) => task.ContinueWith(
        static done => _ = done.Exception, CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    TimeSpan Left(DateTimeOffset until)
    {
        var left = until - time.GetUtcNow();
        return left < TimeSpan.Zero ? TimeSpan.Zero : left < LongestWait ? left : LongestWait;
    }
}

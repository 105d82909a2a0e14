using Grpc.Core;
using Plume.Protocol.Flower;

namespace Plume.Server.Tests.Flower;

/// <summary>One Flower client's end of a stream, message by message.</summary>
sealed class FlowerPeer(FlowerService.FlowerServiceClient client, string? id = null) : IDisposable
{
    readonly AsyncDuplexStreamingCall<ClientMessage, ServerMessage> call =
        client.Join(id is null ? null : new Metadata { { "client-id", id } });

    public async Task<ServerMessage> ReceiveAsync() =>
        await call.ResponseStream.MoveNext(default) ? call.ResponseStream.Current
            : throw new EndOfStreamException("The server ended the stream.");

    /// <summary>Sends a message; that the server has refused it before it was out shows in what is received.</summary>
    public async Task SendAsync(ClientMessage message)
    {
        try
        {
            await call.RequestStream.WriteAsync(message);
        }
        catch (RpcException)
        {
        }
    }

    public Task AnswerAsync(ClientMessage.Types.FitRes answer) => SendAsync(new ClientMessage { FitRes = answer });

    /// <summary>The status with which the server ends the stream.</summary>
    public async Task<Grpc.Core.Status> RefusalAsync() => (await Assert.ThrowsAsync<RpcException>(ReceiveAsync)).Status;

    public void Dispose() => call.Dispose();
}

using Google.Protobuf;
using Grpc.Core;
using Plume.Protocol.Flower;
using Plume.Server.Flower.Messages;

namespace Plume.Server.Flower;

/// <summary>
/// Flower's stream as gRPC serves it: the generated base, but for messages from clients, which <see cref="FlowerWire"/> reads.
/// </summary>
[BindServiceMethod(typeof(FlowerEndpoint), nameof(Bind))]
abstract class FlowerEndpoint
{
    static readonly Method<ClientMessage, ServerMessage> Stream = new(
        MethodType.DuplexStreaming,
        FlowerService.Descriptor.FullName,
        nameof(Join),
        new Marshaller<ClientMessage>(Write, static context => FlowerWire.Read(context.PayloadAsReadOnlySequence())),
        new Marshaller<ServerMessage>(Write,
            static context => ServerMessage.Parser.ParseFrom(context.PayloadAsReadOnlySequence())));

    /// <summary>One client, from its coming to its going.</summary>
    public abstract Task Join(IAsyncStreamReader<ClientMessage> requestStream, IServerStreamWriter<ServerMessage> responseStream,
        ServerCallContext context);

    /// <summary>Tells gRPC what is served; it asks without an instance to learn what there is.</summary>
    public static void Bind(ServiceBinderBase binder, FlowerEndpoint? endpoint) =>
        binder.AddMethod(Stream, endpoint is null ? null! : endpoint.Join);

    static void Write(IMessage message, SerializationContext context)
    {
        context.SetPayloadLength(message.CalculateSize());
        message.WriteTo(context.GetBufferWriter());
        context.Complete();
    }
}

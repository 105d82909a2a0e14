using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using Plume.Protocol;
using Plume.Protocol.V1;

namespace Plume.Server.Tests.Admission;

public class KnownFieldsTests
{
    [Fact]
    public void Every_method_drops_what_its_message_does_not_know()
    {
        var readers = new Readers();
        Protocol.V1.Federation.BindService(KnownFields.Of(readers), null!);
        Operation.BindService(KnownFields.Of(readers), null!);
        Enrolment.BindService(KnownFields.Of(readers), null!);
        Assert.Equal(PlumeReflection.Descriptor.Services.Sum(service => service.Methods.Count), readers.Found.Count);

        // Field 1000, a number, ten thousand times.
        byte[] unknown = [.. Enumerable.Repeat<byte[]>([0xC0, 0x3E, 0x01], 10_000).SelectMany(field => field)];
        Assert.All(readers.Found, read => Assert.Equal(0, read(unknown).CalculateSize()));
    }

    [Fact]
    public void Bytes_that_are_no_message_are_the_callers_mistake()
    {
        var readers = new Readers();
        Protocol.V1.Federation.BindService(KnownFields.Of(readers), null!);
        Assert.All(readers.Found,
            read => Assert.Equal(StatusCode.InvalidArgument, Assert.Throws<RpcException>(() => read([0x0A, 0xFF])).StatusCode));
    }

    /// <summary>How each method that is bound reads a request.</summary>
    sealed class Readers : ServiceBinderBase
    {
        public List<Func<byte[], IMessage>> Found { get; } = [];

        public override void AddMethod<TRequest,
            TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) => Add(method);

        public override void AddMethod<TRequest,
            TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
                Add(method);

        public override void AddMethod<TRequest,
            TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
                Add(method);

        void Add<TRequest, TResponse>(Method<TRequest, TResponse> method) =>
            Found.Add(bytes => (IMessage)(object)method.RequestMarshaller.ContextualDeserializer(new Received(bytes))!);
    }

    sealed class Received(byte[] bytes) : DeserializationContext
    {
        public override int PayloadLength => bytes.Length;

        public override byte[] PayloadAsNewBuffer() => [.. bytes];

        public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(bytes);
    }
}

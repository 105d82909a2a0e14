using System.Collections.Concurrent;
using System.Collections.Frozen;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Plume.Protocol.V1;

namespace Plume.Protocol;

/// <summary>
/// Reads messages for the fields that their .proto has, and drops all others. Protobuf keeps what it does not know to write it
/// again, which nobody here does, and what a peer sends in two bytes takes fifty of memory.
/// </summary>
public static class KnownFields
{
    static readonly FrozenDictionary<Type, MessageParser> Parsers =
        PlumeReflection.Descriptor.MessageTypes.ToFrozenDictionary(message => message.ClrType,
            message => message.Parser.WithDiscardUnknownFields(true));

    static readonly ConcurrentDictionary<IMethod, IMethod> Calls = [];

    /// <summary>
    /// A service's methods, bound so that what callers send is read for known fields only; bytes that are no message end a call
    /// with INVALID_ARGUMENT. Messages that are not of plume.v1 stay as they are.
    /// </summary>
    public static ServiceBinderBase Of(ServiceBinderBase binder) => new Binder(binder);

    /// <summary>The same for what a server answers.</summary>
    public static CallInvoker Of(CallInvoker calls) => calls.Intercept(new Answers());

    static Marshaller<T> Reader<T>(Marshaller<T> marshaller)
        where T : class => Parsers.TryGetValue(typeof(T), out var parser)
            ? new Marshaller<T>(marshaller.ContextualSerializer, context => Read<T>(parser, context)) : marshaller;

    static T Read<T>(MessageParser parser, DeserializationContext context)
        where T : class
    {
        try
        {
            return (T)parser.ParseFrom(context.PayloadAsReadOnlySequence());
        }
        catch (InvalidProtocolBufferException problem)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument,
                $"What was sent is no message of plume.v1. {problem.Message}"));
        }
    }

    static Method<TRequest, TResponse> Asked<TRequest, TResponse>(Method<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class =>
            new(method.Type, method.ServiceName, method.Name, Reader(method.RequestMarshaller), method.ResponseMarshaller);

    static Method<TRequest, TResponse> Answered<TRequest, TResponse>(Method<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class => (Method<TRequest, TResponse>)Calls.GetOrAdd(method, static (_, plain) =>
            new Method<TRequest, TResponse>(plain.Type, plain.ServiceName, plain.Name, plain.RequestMarshaller,
                Reader(plain.ResponseMarshaller)), method);

    sealed class Binder(ServiceBinderBase inner) : ServiceBinderBase
    {
        public override void AddMethod<TRequest,
            TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
                inner.AddMethod(Asked(method), handler);

        public override void AddMethod<TRequest,
            TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
                inner.AddMethod(Asked(method), handler);

        public override void AddMethod<TRequest,
            TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
                inner.AddMethod(Asked(method), handler);

        public override void AddMethod<TRequest,
            TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
                inner.AddMethod(Asked(method), handler);
    }

    sealed class Answers : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest,
            TResponse>(TRequest request, ClientInterceptorContext<TRequest, TResponse> context,
                AsyncUnaryCallContinuation<TRequest, TResponse> continuation) =>
            continuation(request, In(context));

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest,
            TResponse>(TRequest request, ClientInterceptorContext<TRequest, TResponse> context,
                AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation) =>
            continuation(request, In(context));

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest,
            TResponse>(ClientInterceptorContext<TRequest, TResponse> context,
                AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation) =>
            continuation(In(context));

        static ClientInterceptorContext<TRequest, TResponse> In<TRequest,
            TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
            where TRequest : class
            where TResponse : class => new(Answered(context.Method), context.Host, context.Options);
    }
}

using System.Reflection;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Plume.Protocol;

namespace Plume.Server.Rpc;

/// <summary>
/// Finds a service's methods as gRPC's own provider does, and has their messages read by <see cref="KnownFields"/>, which the
/// generated code leaves no other way to.
/// </summary>
sealed class KnownFieldsMethods<TService> : IServiceMethodProvider<TService>
    where TService : class
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context)
    {
        for (var type = typeof(TService); type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is not { } bind)
                continue;
            var binds = bind.BindType.GetMethod(bind.BindMethodName, [typeof(ServiceBinderBase), type])
                ?? throw new InvalidOperationException($"{bind.BindType} has no method {bind.BindMethodName} that binds {type}.");
            binds.Invoke(null, [KnownFields.Of(new Binder(context)), null]);
            return;
        }
    }

    sealed class Binder(ServiceMethodProviderContext<TService> context) : ServiceBinderBase
    {
        public override void AddMethod<TRequest,
            TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
        {
            var (invoke, metadata) = Find<UnaryServerMethod<TService, TRequest, TResponse>>(method.Name);
            context.AddUnaryMethod(method, metadata, invoke);
        }

        public override void AddMethod<TRequest,
            TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
        {
            var (invoke, metadata) = Find<ClientStreamingServerMethod<TService, TRequest, TResponse>>(method.Name);
            context.AddClientStreamingMethod(method, metadata, invoke);
        }

        public override void AddMethod<TRequest,
            TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
        {
            var (invoke, metadata) = Find<ServerStreamingServerMethod<TService, TRequest, TResponse>>(method.Name);
            context.AddServerStreamingMethod(method, metadata, invoke);
        }

        public override void AddMethod<TRequest,
            TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
        {
            var (invoke, metadata) = Find<DuplexStreamingServerMethod<TService, TRequest, TResponse>>(method.Name);
            context.AddDuplexStreamingMethod(method, metadata, invoke);
        }

        // The delegate's first parameter is the service, the others are the method's.
        static (TDelegate Invoke, IList<object> Metadata) Find<TDelegate>(string name)
            where TDelegate : Delegate
        {
            Type[] parameters = [.. typeof(TDelegate).GetMethod(nameof(Action.Invoke))!.GetParameters().Skip(1)
                .Select(parameter => parameter.ParameterType)];
            var method = typeof(TService).GetMethod(name, parameters)
                ?? throw new InvalidOperationException($"{typeof(TService)} has no method {name}.");
            return (method.CreateDelegate<TDelegate>(),
                [.. typeof(TService).GetCustomAttributes(inherit: true), .. method.GetCustomAttributes(inherit: true)]);
        }
    }
}

using System.IO.Compression;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Plume.Protocol.Flower;
using Plume.Server.Identity.Admission;

namespace Plume.Server.Flower;

/// <summary>
/// The way of Flower's clients into a server: an address at which nothing else is served, and that is served nowhere else.
/// </summary>
public static class FlowerDoor
{
    static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(30);

    /// <summary>Opens the door of a server that is being built, whose services hold an <see cref="IFlowerFederation"/>.</summary>
    /// <exception cref="ArgumentException">The options break a rule.</exception>
    public static WebApplicationBuilder AddFlowerDoor(this WebApplicationBuilder builder, FlowerOptions options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problems().ToList() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join(" ", problems), nameof(options));

        var address = new FlowerAddress();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(address);
        builder.Services.AddSingleton<FlowerBridge>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddGrpc().AddServiceOptions<FlowerBridge>(service =>
        {
            service.ResponseCompressionAlgorithm = options.Gzip ? "gzip" : null;
            service.ResponseCompressionLevel = CompressionLevel.Fastest;
        });
        builder.Services.AddOptions<GrpcServiceOptions<FlowerBridge>>()
            .Configure<FlowerBridge>(static (service, bridge) => service.MaxReceiveMessageSize = bridge.Updates.LargestMessage);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options, address));
        return builder;
    }

    /// <summary>
    /// Serves Flower's stream at the door, and nothing else there. It comes after routing and before whatever asks who calls:
    /// Flower's clients cannot say, and at the door there is nothing else to be asked for.
    /// </summary>
    public static WebApplication MapFlowerDoor(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.Use(static (http, next) =>
        {
            bool atDoor = http.Features.Get<Mark>() is not null, isFlower = http.Request.Path.StartsWithSegments(StreamPath);
            if (atDoor == isFlower)
                return next(http);
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        app.MapGrpcService<FlowerBridge>().AllowAnonymous();
        app.Lifetime.ApplicationStarted.Register(() => Warn(app.Services));
        return app;
    }

    static PathString StreamPath { get; } = "/" + FlowerService.Descriptor.FullName;

    static void Listen(KestrelServerOptions kestrel, FlowerOptions options, FlowerAddress address)
    {
        // A client that lost its power keeps its place until its silence is noticed.
        if (kestrel.Limits.Http2.KeepAlivePingDelay == TimeSpan.MaxValue)
            kestrel.Limits.Http2.KeepAlivePingDelay = PingAfter;
        kestrel.Listen(options.Listen, listen =>
        {
            address.Listen = listen;
            kestrel.ApplicationServices.GetService<ConnectionGate>()?.StandBefore(listen);
            listen.Protocols = HttpProtocols.Http2;
            if (options.Certificate is not null)
                listen.UseHttps(options.Certificate);
            listen.Use(next => connection =>
            {
                connection.Features.Set(new Mark());
                return next(connection);
            });
        });
    }

    static void Warn(IServiceProvider services) =>
        services.GetRequiredService<ILogger<FlowerBridge>>().DoorOpen(services.GetRequiredService<FlowerAddress>().Bound);

    /// <summary>What a connection through the door carries.</summary>
    sealed class Mark;
}

using System.Net;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Plume.Pages.Hosting;
using Plume.Server.Boards;
using Plume.Server.Federations.Definitions;
using Plume.Server.Flower;
using Plume.Server.Grains;
using Plume.Server.Identity;
using Plume.Server.Identity.Admission;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;
using Plume.Server.Rpc;
using Plume.Server.Rpc.Operating;
using Plume.Server.Storage.Postgres;
using Plume.Server.Telemetry;

namespace Plume.Server.Hosting;

/// <summary>A server of federations: gRPC over TLS for clients and operators, one Orleans silo, health over HTTP.</summary>
public static class PlumeServer
{
    const int MostStreamsPerConnection = 20_000, StreamsPerConnection = 100;
    const int LargestEnrolment = 16 << 10;

    static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(20), PingTimeout = TimeSpan.FromSeconds(20);

    /// <summary>A server that is ready to be started.</summary>
    /// <param name="options">How it runs.</param>
    /// <param name="configureLogging">What hears its log; without it, nobody does.</param>
    /// <exception cref="ArgumentException">The options break rules; the message has all of them.</exception>
    public static WebApplication Build(ServerOptions options, Action<ILoggingBuilder>? configureLogging = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        string problems = string.Join(" ", options.Problems());
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(options));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        configureLogging?.Invoke(builder.Logging);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options));
        builder.UseOrleans(silo =>
            silo.UsePlumeClustering(options.Cluster?.Place
                ?? new SiloPlace(IPAddress.Loopback, FreePort.Take(), GatewayPort: 0), options.Cluster?.ConnectionString));
        AddServices(builder.Services, options);
        if (options.Flower is { } flower)
            builder.AddFlowerDoor(flower);
        ReadKnownFields(builder.Services);
        CalmLog.StandBefore(builder.Services, options.Time);
        var app = builder.Build();
        Map(app, options);
        return app;
    }

    /// <summary>Waits until a server that was started is told to stop, or is of no more use, and has stopped.</summary>
    /// <param name="app">The server.</param>
    /// <param name="stop">Tells it to stop.</param>
    /// <exception cref="InvalidDataException">What the storage holds is damaged beyond what can be made again, for all
    /// federations; the message says where.</exception>
    public static async Task WaitAsync(WebApplication app, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(app);
        await app.WaitForShutdownAsync(stop).ConfigureAwait(false);
        if (app.Services.GetRequiredService<FederationFeeds>().Refusal is { } refusal)
            throw new InvalidDataException(refusal);
    }

    /// <summary>Serves a page on which one sees what a server's federations do, beside the server.</summary>
    /// <param name="app">The server; it was started.</param>
    /// <param name="options">Where the page is.</param>
    /// <param name="cancellation">Stops the start.</param>
    /// <returns>The page, until it is disposed; before the server is.</returns>
    /// <exception cref="ArgumentException">The options break rules.</exception>
    /// <exception cref="IOException">Nothing can listen there.</exception>
    public static Task<LivePage> StartPageAsync(WebApplication app, PageOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentNullException.ThrowIfNull(options);
        var services = app.Services;
        var signIns = services.GetRequiredService<SignInTokens>();
        signIns.HasPage = true;
        var actions = new ServedActions(services.GetRequiredService<OperatorActions>(), signIns,
            services.GetRequiredService<ClientRegistry>(), services.GetRequiredService<IdentityOptions>(),
            services.GetRequiredService<IdentityAudit>(), AddressOf(app));
        return LivePage.StartAsync(new ServedBoards(services.GetRequiredService<FederationFeeds>(),
            services.GetRequiredService<FederationStatuses>(), "Federations"), options with { Actions = actions }, cancellation);
    }

    // As an operator would write it, who knows the host's name better.
    static string AddressOf(WebApplication app)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        var address = new UriBuilder(addresses.First());
        bool isAll = IPAddress.TryParse(address.Host.Trim('[', ']'), out var host)
            && (host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any));
        return $"{address.Scheme}://{(isAll ? "HOST" : address.Host)}:{address.Port}";
    }

    static void Listen(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        var gate = kestrel.ApplicationServices.GetRequiredService<ConnectionGate>();
        kestrel.Limits.MaxConcurrentConnections = options.Limits.Connections + ConnectionGate.Watchers;
        kestrel.Limits.RequestHeadersTimeout = options.Limits.HeaderTime;
        // With TLS a connection is one client's; without, as many may share one as a trial has.
        kestrel.Limits.Http2.MaxStreamsPerConnection = options.Tls is null ? MostStreamsPerConnection : StreamsPerConnection;
        kestrel.Limits.Http2.KeepAlivePingDelay = PingDelay;
        kestrel.Limits.Http2.KeepAlivePingTimeout = PingTimeout;
        kestrel.Listen(options.Listen, listen =>
        {
            gate.StandBefore(listen);
            // Without TLS nothing tells HTTP/1 from HTTP/2, and gRPC needs the latter.
            listen.Protocols = options.Tls is null ? HttpProtocols.Http2 : HttpProtocols.Http1AndHttp2;
            if (options.Tls is { } tls)
                listen.UsePlumeTls(tls.Certificate, tls.Issuers, tls.Authority.Root, tls.Served);
        });
        if (options.Metrics is { } metrics)
        {
            kestrel.Listen(metrics, listen =>
            {
                gate.StandBeforeWatchers(listen);
                listen.ListenForMetrics();
            });
        }
    }

    static void AddServices(IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(options.Time);
        services.AddSingleton(options.Storage);
        services.AddSingleton(options.Storage.Records);
        services.AddSingleton(options.Limits);
        services.AddSingleton(new FederationCatalog(options.Federations));
        if (options.Tls?.Served is { } served)
            services.AddSingleton(served);
        services.AddIdentity(new IdentityOptions
        {
            Insecure = options.Tls is null,
            RenewalGrace = options.RenewalGrace,
            CallsPerSecond = options.Limits.CallsPerSecond,
            OpenCalls = options.Limits.OpenCalls,
            EnrolmentsPerAddress = options.Limits.EnrolmentsPerAddress,
            Enrolments = options.Limits.Enrolments
        },
            options.Tls?.Authority);
        services.AddPlumeTelemetry(options);
        services.AddSingleton<FederationFeeds>();
        services.AddHostedService(provider => provider.GetRequiredService<FederationFeeds>());
        services.AddSingleton(new Sharding(options.Cluster?.Shards ?? 1));
        services.AddSingleton<ReservedPlaces>();
        services.AddSingleton<IFlowerFederation, FlowerFederation>();
        services.AddSingleton<ConnectionGate>();
        services.AddSingleton<ClientBudgets>();
        services.AddSingleton<UploadReceiver>();
        services.AddSingleton<SumTrips>();
        services.AddSingleton(provider => new FederationStatuses(provider.GetService<CertificateWatch>()));
        services.AddSingleton<OperatorActions>();
        services.AddSingleton<SignInTokens>();
        services.AddSingleton<DownloadSender>();
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.Limits.MessageBytes;
            grpc.Interceptors.Add<StorageErrors>();
        }).AddServiceOptions<EnrolmentRpc>(enrolment => enrolment.MaxReceiveMessageSize = LargestEnrolment);
    }

    // Each provider adds the methods that it finds, so there is one.
    static void ReadKnownFields(IServiceCollection services)
    {
        foreach (var provider in services.Where(service => service.ServiceType == typeof(IServiceMethodProvider<>)).ToList())
            services.Remove(provider);
        services.AddSingleton(typeof(IServiceMethodProvider<>), typeof(KnownFieldsMethods<>));
    }

    static void Map(WebApplication app, ServerOptions options)
    {
        app.UseRouting();
        app.UseMetricsAddress();
        if (options.Flower is not null)
            app.MapFlowerDoor();
        app.UseIdentity();
        app.MapGrpcService<FederationRpc>();
        app.MapGrpcService<OperationRpc>();
        if (options.Tls is not null)
            app.MapGrpcService<EnrolmentRpc>();
        app.MapMetrics(options);
        app.MapGet("/health/live", () => "alive").AtMetricsAddress().AllowAnonymous();
        app.MapGet("/health/ready", (FederationFeeds feeds) => feeds.AreReady ? Results.Text("ready")
            : Results.Text("starting", statusCode: StatusCodes.Status503ServiceUnavailable)).AtMetricsAddress().AllowAnonymous();
    }
}

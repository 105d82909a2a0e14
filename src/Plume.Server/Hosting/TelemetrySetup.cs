using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Plume.Server.Federations.Telemetry;

namespace Plume.Server.Hosting;

/// <summary>Hands a server's counts and spans to those who watch it, by OpenTelemetry.</summary>
static class TelemetrySetup
{
    const string MetricsPath = "/metrics";

    static bool PushesToCollector => Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 };

    static string ServiceName => Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME") is { Length: > 0 } name ? name
        : "plume-server";

    /// <summary>
    /// Counts in any case; tells Prometheus where there is an address for it, and pushes to a collector where the environment
    /// names one.
    /// </summary>
    public static void AddPlumeTelemetry(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton<ServerMetrics>();
        if (options.Metrics is null && !PushesToCollector)
            return;
        string? version = typeof(TelemetrySetup).Assembly.GetName().Version?.ToString(fieldCount: 3);
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(ServiceName, serviceVersion: version))
            .WithMetrics(metrics => AddMetrics(metrics, options));
        if (PushesToCollector)
            telemetry.WithTracing(AddTraces);
    }

    /// <summary>Serves metrics at the metrics' address.</summary>
    public static void MapMetrics(this WebApplication app, ServerOptions options)
    {
        if (options.Metrics is not null)
            app.MapPrometheusScrapingEndpoint(MetricsPath).AtMetricsAddress(only: true).AllowAnonymous();
    }

    static void AddMetrics(MeterProviderBuilder metrics, ServerOptions options)
    {
        metrics.AddMeter(ServerMetrics.MeterName).AddAspNetCoreInstrumentation().AddRuntimeInstrumentation();
        if (options.Metrics is not null)
            metrics.AddPrometheusExporter();
        if (PushesToCollector)
            metrics.AddOtlpExporter();
    }

    static void AddTraces(TracerProviderBuilder traces) => traces
        .AddSource(ServerTraces.SourceName)
        .AddAspNetCoreInstrumentation(web => web.Filter = static http => !http.Request.Path.StartsWithSegments("/health")
            && !http.Request.Path.StartsWithSegments(MetricsPath))
        .AddOtlpExporter();
}

using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Grains;

namespace Plume.Server.Rpc;

/// <summary>
/// The feeds of all federations that this server hosts, followed as long as it runs. The server ends when none of them can go on.
/// </summary>
sealed class FederationFeeds : BackgroundService
{
    readonly FederationCatalog catalog;
    readonly IHostApplicationLifetime lifetime;
    readonly Dictionary<string, FederationFeed> byId;

    public FederationFeeds(FederationCatalog catalog, IGrainFactory grains, ServerMetrics metrics,
        IHostApplicationLifetime lifetime, TimeProvider time, ILogger<FederationFeeds> logger)
    {
        (this.catalog, this.lifetime) = (catalog, lifetime);
        byId = catalog.All.ToDictionary(definition => definition.Id,
            definition => new FederationFeed(definition, grains.GetGrain<IFederationGrain>(definition.Id),
                metrics.For(definition.Name), time, logger, lifetime.ApplicationStopping));
    }

    /// <summary>Whether every federation answers, but for those that cannot go on.</summary>
    public bool AreReady => byId.Values.All(feed => feed.Snapshot is not null || feed.Refusal is not null);

    /// <summary>Why no federation can go on; null where one can.</summary>
    public string? Refusal => byId.Values.All(feed => feed.Refusal is not null)
        ? string.Join(" ", byId.Values.Select(feed => feed.Refusal)) : null;

    public IEnumerable<FederationFeed> All => byId.Values;

    /// <exception cref="RpcException">There is no such federation, or it cannot go on.</exception>
    public FederationFeed this[string federation]
    {
        get
        {
            if (catalog.Find(federation) is not { } definition)
                throw new RpcException(new Status(StatusCode.NotFound,
                    $"There is no federation '{federation}' here; this server hosts "
                        + $"{string.Join(", ", catalog.All.Select(hosted => hosted.Name))}."));
            var feed = byId[definition.Id];
            return feed.Refusal is null
                ? feed
                : throw new RpcException(
                    new Status(StatusCode.Unavailable,
                        $"The federation '{definition.Name}' cannot go on before the operator has mended the server's storage; "
                            + $"the server's log says what is wrong."));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(byId.Values.Select(feed => feed.FollowAsync(stoppingToken))).ConfigureAwait(false);
        lifetime.StopApplication();
    }
}

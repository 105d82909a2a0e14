using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Plume.Server.Federations;
using Plume.Server.Grains;
using Plume.Server.Telemetry;

namespace Plume.Server.Rpc;

/// <summary>The feeds of all federations that this server hosts, followed as long as it runs.</summary>
sealed class FederationFeeds : BackgroundService
{
    readonly FederationCatalog catalog;
    readonly Dictionary<string, FederationFeed> byId;

    public FederationFeeds(FederationCatalog catalog, IGrainFactory grains, ServerMetrics metrics, TimeProvider time)
    {
        this.catalog = catalog;
        byId = catalog.All.ToDictionary(definition => definition.Id, definition => new FederationFeed(definition, grains.GetGrain<IFederationGrain>(definition.Id), metrics.For(definition.Name), time));
    }

    /// <summary>Whether every federation answers.</summary>
    public bool AreReady => byId.Values.All(feed => feed.Snapshot is not null);

    public IEnumerable<FederationFeed> All => byId.Values;

    /// <exception cref="RpcException">There is no such federation.</exception>
    public FederationFeed this[string federation] => catalog.Find(federation) is { } definition
        ? byId[definition.Id]
        : throw new RpcException(new Status(StatusCode.NotFound, $"There is no federation '{federation}' here; this server hosts {string.Join(", ", catalog.All.Select(hosted => hosted.Name))}."));

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(byId.Values.Select(feed => feed.FollowAsync(stoppingToken)));
}

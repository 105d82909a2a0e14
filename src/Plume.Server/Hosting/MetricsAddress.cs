using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Plume.Server.Hosting;

/// <summary>
/// The address at which a server tells how it is: nothing else is served there, and metrics are served nowhere else.
/// </summary>
static class MetricsAddress
{
    /// <summary>Serves at the metrics' address as well, or there only.</summary>
    public static TBuilder AtMetricsAddress<TBuilder>(this TBuilder endpoint, bool only = false)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new Place(only));

    /// <summary>Makes a listener the metrics' address.</summary>
    public static void ListenForMetrics(this ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection =>
        {
            connection.Features.Set(new Mark());
            return next(connection);
        });
    }

    /// <summary>Answers calls at the wrong address as if there were nothing; comes after routing.</summary>
    public static void UseMetricsAddress(this WebApplication app) => app.Use(static (http, next) =>
    {
        // By the connection, since a caller can write any Host into its header.
        var place = http.GetEndpoint()?.Metadata.GetMetadata<Place>();
        bool isThere = http.Features.Get<Mark>() is not null ? place is not null : place?.Only != true;
        if (isThere)
            return next(http);
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    });

    sealed record Place(bool Only);

    /// <summary>What a connection to the address carries.</summary>
    sealed class Mark;
}

using Plume.Protocol.V1;
using Plume.Server.Federations.News;

namespace Plume.Server.Rpc;

/// <summary>What is known of clients, in the words of plume.v1.</summary>
static class ClientFiguresOf
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Of everybody who has a place; of nobody where the federation does not answer.</summary>
    public static async Task<IEnumerable<ClientFigures>> FiguresAsync(this FederationFeed feed, CancellationToken cancellation)
    {
        try
        {
            var details = await feed.Grain.DetailsAsync(int.MaxValue).WaitAsync(Patience, cancellation);
            return details.Clients.Select(client => FiguresOf(feed, client));
        }
        catch (Exception away) when (away is TimeoutException or IOException or OrleansException or InvalidDataException)
        {
            return [];
        }
    }

    static ClientFigures FiguresOf(FederationFeed feed, ClientDetail client)
    {
        var transfers = feed.Activities.TransfersOf(client.Name);
        var figures = new ClientFigures
        {
            Federation = feed.Definition.Name,
            Name = client.Name,
            Place = (uint)client.Number,
            There = client.IsThere,
            Missed = (uint)client.Missed,
            Counted = (uint)client.Counted,
            Refused = (uint)client.Refused,
            Samples = (uint)client.Samples,
            UplinkBytes = (ulong)client.UplinkBytes,
            DownlinkBytes = (ulong)transfers.DownlinkBytes,
            Software = feed.Activities.SoftwareOf(client.Name) ?? "",
        };
        if (client.Silence is { } silence)
            figures.SilentMs = (ulong)Math.Max(0, silence.TotalMilliseconds);
        if (transfers.UplinkSpeed is { } up)
            figures.UplinkSpeed = up;
        if (transfers.DownlinkSpeed is { } down)
            figures.DownlinkSpeed = down;
        return figures;
    }
}

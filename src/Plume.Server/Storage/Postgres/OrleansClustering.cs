using System.Net;
using Orleans.Configuration;

namespace Plume.Server.Storage.Postgres;

/// <summary>How the silos of a cluster find one another, and how soon they notice that one is gone.</summary>
public static class OrleansClustering
{
    // With these a killed silo's grains answer again after about 4 s, with Orleans' own settings after 11 s. One vote is
    // enough: a silo that is wrongly declared dead restarts, and what it still writes is fenced.
    static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);
    const int MissedProbes = 2;
    const int Votes = 1;

    // Signs of life come twice a minute: as good as never.
    const int MissedSigns = 1 << 24;

    /// <summary>Makes a silo one of a cluster, or the only one of its machine.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="place">Where it listens, and of which cluster it is.</param>
    /// <param name="connectionString">The database in which the cluster's silos enter themselves, and which has Plume's tables;
    /// null for a silo alone, which listens on loopback only.</param>
    public static ISiloBuilder UsePlumeClustering(this ISiloBuilder silo, SiloPlace place, string? connectionString)
    {
        ArgumentNullException.ThrowIfNull(place);
        if (connectionString is null)
            return silo.UseLocalhostClustering(place.SiloPort, place.GatewayPort, serviceId: place.ServiceId,
                clusterId: place.ClusterId).Configure<ClusterMembershipOptions>(TakeNoClockForDeath);
        return silo
            .UseAdoNetClustering(options =>
            {
                options.Invariant = "Npgsql";
                options.ConnectionString = PostgresConnection.CompleteForOrleans(connectionString);
            })
            .ConfigureEndpoints(place.Address, place.SiloPort, place.GatewayPort)
            .Configure<ClusterOptions>(options =>
            {
                options.ClusterId = place.ClusterId;
                options.ServiceId = place.ServiceId;
            })
            .Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = ProbeTimeout;
                options.NumMissedProbesLimit = MissedProbes;
                options.NumVotesForDeathDeclaration = Votes;
            });
    }

    // Silos write down when they were last alive. One that is alone has nobody to tell it dead but a clock that was set forward.
    static void TakeNoClockForDeath(ClusterMembershipOptions options)
    {
        options.LivenessEnabled = false;
        options.DefunctSiloCleanupPeriod = null;
        options.NumMissedTableIAmAliveLimit = MissedSigns;
    }
}

/// <summary>Where a silo is.</summary>
/// <param name="Address">The address at which the other silos reach it. What silos say to one another is not encrypted: a network
/// of their own.</param>
/// <param name="SiloPort">Its port for the other silos.</param>
/// <param name="GatewayPort">Its port for Orleans' clients; 0 for none.</param>
/// <param name="ClusterId">The silos that work together.</param>
/// <param name="ServiceId">What they serve, which stays when a cluster is replaced by another.</param>
public sealed record SiloPlace(IPAddress Address, int SiloPort, int GatewayPort, string ClusterId = "plume",
    string ServiceId = "plume");

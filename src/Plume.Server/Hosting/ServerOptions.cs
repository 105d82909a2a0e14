using System.Net;
using System.Security.Cryptography.X509Certificates;
using Plume.Federation.Methods;
using Plume.Server.Federations.Definitions;
using Plume.Server.Flower;
using Plume.Server.Identity;
using Plume.Server.Identity.Admission;
using Plume.Server.Identity.Certificates;
using Plume.Server.Storage;
using Plume.Server.Storage.Postgres;

namespace Plume.Server.Hosting;

/// <summary>How a server runs.</summary>
/// <param name="Federations">What it hosts.</param>
/// <param name="Storage">Where it keeps what it must not lose.</param>
public sealed record ServerOptions(IReadOnlyList<FederationDefinition> Federations, ServerStorage Storage)
{
    /// <summary>Where it listens.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 7443);

    /// <summary>
    /// TLS: its certificate and whoever issues those of clients; null for plain HTTP/2, which only loopback may have.
    /// </summary>
    public ServerTls? Tls { get; init; }

    /// <summary>What clients may take.</summary>
    public ServerLimits Limits { get; init; } = new();

    /// <summary>How long after its end a certificate of a client or an operator can still be renewed.</summary>
    public TimeSpan RenewalGrace { get; init; } = IdentityOptions.UsualGrace;

    /// <summary>Where health and metrics are told, by plain HTTP; null for nowhere but the port of the clients.</summary>
    public IPEndPoint? Metrics { get; init; }

    /// <summary>The door for Flower's clients into the only federation; null for none.</summary>
    public FlowerOptions? Flower { get; init; }

    /// <summary>The cluster that the server is one of; null for a server alone.</summary>
    public ServerCluster? Cluster { get; init; }

    /// <summary>The server's clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Every rule that the options break, in sentences.</summary>
    public IEnumerable<string> Problems()
    {
        if (Federations.Count == 0)
            yield return "A server needs a federation to host.";
        if (Flower is not null && Federations.FirstOrDefault(federation => federation.Plan.Method is not Averaging) is { } other)
            yield return $"Flower's clients know of averaging alone, but '{other.Name}' trains by '{other.Plan.Method}': serve "
                + $"it without their door.";
        if (Flower is not null && Federations.FirstOrDefault(federation => federation.Plan.Objective.Teaching is not null)
            is { } taught)
            yield return $"Flower's clients learn from labels alone, but those of '{taught.Name}' are taught by "
                + $"'{taught.Plan.Objective.Teaching}': serve it without their door.";
        if (Flower is not null && Federations.FirstOrDefault(federation => federation.SumsInSecret) is { } secure)
            yield return $"Flower's clients send updates by themselves, and those of '{secure.Name}' are added up in secret: serve "
                + $"an uplink without 'secure', or without the door.";
        if (Flower is not null && Federations.Count != 1)
            yield return $"Flower's clients do not say which federation they join, so a server with their door hosts one, not "
                + $"{Federations.Count}.";
        if (Tls is null && !IPAddress.IsLoopback(Listen.Address))
            yield return $"Without TLS a server may listen on loopback only, but is to listen on {Listen.Address}. Give it "
                + $"certificates (plume certs init makes some for a trial).";
        if (Metrics is { Port: > 0 } metrics && metrics.Port == Listen.Port)
            yield return $"Metrics need a port of their own: {metrics.Port} is the one of the clients.";
        if (RenewalGrace < TimeSpan.Zero)
            yield return $"The time in which an ended certificate can be renewed must not be negative, but is {RenewalGrace}.";
        foreach (string problem in Limits.Problems())
            yield return problem;
    }
}

/// <summary>What makes servers one: they share a database, and call one another's silos.</summary>
/// <param name="ConnectionString">The PostgreSQL database that has Plume's tables.</param>
/// <param name="Place">Where the other silos reach this one.</param>
/// <param name="Shards">Over how many aggregators a round's updates are spread.</param>
public sealed record ServerCluster(string ConnectionString, SiloPlace Place, int Shards = 4);

/// <summary>What a server shows to clients, and what it issues to them.</summary>
/// <param name="Certificate">The server's own, with its key.</param>
/// <param name="Issuers">Those that issued it; empty for one of the authority's.</param>
/// <param name="Authority">Issues and checks client certificates.</param>
public sealed record ServerTls(X509Certificate2 Certificate, X509Certificate2Collection Issuers, CertificateAuthority Authority)
{
    /// <summary>A certificate of a folder, which is renewed while the server runs.</summary>
    /// <param name="served">The server's own.</param>
    /// <param name="authority">Issues and checks client certificates.</param>
    public ServerTls(ServedCertificate served, CertificateAuthority authority)
        : this(served?.Certificate ?? throw new ArgumentNullException(nameof(served)), [], authority) => Served = served;

    /// <summary>Where the newest certificate of the server is; null where it is always the same.</summary>
    public ServedCertificate? Served { get; }
}

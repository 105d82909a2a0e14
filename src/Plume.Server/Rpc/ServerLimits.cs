namespace Plume.Server.Rpc;

/// <summary>What a server lets clients take: gRPC streams turn the web server's own limits of time and size off.</summary>
public sealed record ServerLimits
{
    /// <summary>Uploads and downloads that one client may have open.</summary>
    public int StreamsPerClient { get; init; } = 4;

    /// <summary>The slowest that a transfer may be, in bytes a second.</summary>
    public long SlowestBytesPerSecond { get; init; } = 4 << 10;

    /// <summary>Time that any transfer has, however few its bytes.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Connections that the server holds open.</summary>
    public long Connections { get; init; } = 20_000;

    /// <summary>Most bytes of one message: chunks are far smaller.</summary>
    public int MessageBytes { get; init; } = 1 << 20;

    /// <summary>How often a minute one address may try to enrol: a site that many clients share one with enrols so many at once.</summary>
    public int EnrolmentsPerAddress { get; init; } = 20;

    /// <summary>How often a minute all addresses together may.</summary>
    public int Enrolments { get; init; } = 600;

    /// <summary>A token that is cancelled when a transfer of that many bytes has taken too long.</summary>
    internal CancellationTokenSource Limit(long bytes, CancellationToken cancellation)
    {
        var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Grace + TimeSpan.FromSeconds((double)bytes / SlowestBytesPerSecond));
        return limited;
    }
}

namespace Plume.Server.Rpc;

/// <summary>What a server lets clients take: gRPC streams turn the web server's own limits of time and size off.</summary>
public sealed record ServerLimits
{
    const int MostEnrolments = 1_000_000;

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

    /// <summary>Every rule that the limits break, in sentences.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (var (what, value) in new[] { ("transfers of a client", StreamsPerClient), ("bytes a second", SlowestBytesPerSecond), ("connections", Connections), ("bytes of a message", MessageBytes) })
        {
            if (value < 1)
                yield return $"A server must allow 1 of the {what} or more, but is to allow {value}.";
        }

        foreach (int value in new[] { EnrolmentsPerAddress, Enrolments })
        {
            if (value is < 1 or > MostEnrolments)
                yield return $"A server must let 1 to {MostEnrolments} a minute try to enrol, but is to let {value}.";
        }

        if (Grace < TimeSpan.Zero)
            yield return $"The grace of a transfer must not be negative, but is {Grace}.";
    }

    /// <summary>A token that is cancelled when a transfer of that many bytes has taken too long.</summary>
    internal CancellationTokenSource Limit(long bytes, CancellationToken cancellation)
    {
        var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Grace + TimeSpan.FromSeconds((double)bytes / SlowestBytesPerSecond));
        return limited;
    }
}

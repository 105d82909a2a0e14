namespace Plume.Server.Identity.Admission;

/// <summary>What a server lets clients take: gRPC streams turn the web server's own limits of time and size off.</summary>
public sealed record ServerLimits
{
    const int MostEnrolments = 1_000_000;
    const long MostConnections = 20_000;

    /// <summary>Uploads and downloads that one client may have open.</summary>
    public int StreamsPerClient { get; init; } = 4;

    /// <summary>The slowest that a transfer may be, in bytes a second.</summary>
    public long SlowestBytesPerSecond { get; init; } = 4 << 10;

    /// <summary>Time that any transfer has, however few its bytes.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Connections of clients that the server holds open; by itself as many as its handles allow, 20,000 at most.
    /// </summary>
    public long Connections { get; init; } = Math.Min(MostConnections, OpenFiles.Connections ?? MostConnections);

    /// <summary>Connections that one client may have open.</summary>
    public int ConnectionsPerClient { get; init; } = 8;

    /// <summary>
    /// Time from a connection's beginning to the first call that says who makes it, and from a call's to its first message.
    /// </summary>
    public TimeSpan HeaderTime { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Calls a second that one client may make; four seconds' worth at once.</summary>
    public int CallsPerSecond { get; init; } = 100;

    /// <summary>Calls that one client may have open at a time.</summary>
    public int OpenCalls { get; init; } = 32;

    /// <summary>Most bytes of one message: chunks are far smaller.</summary>
    public int MessageBytes { get; init; } = 1 << 20;

    /// <summary>
    /// How often a minute one address may try to enrol: a site that many clients share one with enrols so many at once.
    /// </summary>
    public int EnrolmentsPerAddress { get; init; } = 20;

    /// <summary>How often a minute all addresses together may.</summary>
    public int Enrolments { get; init; } = 600;

    // Whoever shares an address, also with a thousand others, is a stranger for as long as a handshake takes.
    internal long MostStrangers => Math.Clamp(Connections / 2, 1, 2048);

    internal long MostStrangersAt => Math.Clamp(Connections / 4, 1, 1024);

    /// <summary>Every rule that the limits break, in sentences.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (var (what, value) in new[] { ("transfers of a client", StreamsPerClient),
            ("bytes a second", SlowestBytesPerSecond), ("connections", Connections),
            ("connections of a client", ConnectionsPerClient), ("calls a second of a client", CallsPerSecond),
            ("open calls of a client", OpenCalls), ("bytes of a message", MessageBytes) })
        {
            if (value < 1)
                yield return $"A server must allow 1 of the {what} or more, but is to allow {value}.";
        }

        foreach (int value in new[] { EnrolmentsPerAddress, Enrolments })
        {
            if (value is < 1 or > MostEnrolments)
                yield return $"A server must let 1 to {MostEnrolments} a minute try to enrol, but is to let {value}.";
        }

        if (Connections > OpenFiles.Connections)
            yield return $"A server that may open {OpenFiles.Limit} files can hold {OpenFiles.Connections} connections, since "
                + $"storage needs some, but is to hold {Connections}. Raise the limit (LimitNOFILE, ulimit -n), or hold fewer.";
        if (HeaderTime <= TimeSpan.Zero)
            yield return $"The time to the first call must be above zero, but is {HeaderTime}.";
        if (Grace < TimeSpan.Zero)
            yield return $"The grace of a transfer must not be negative, but is {Grace}.";
    }

    /// <summary>Most time that a transfer of that many bytes may take.</summary>
    internal TimeSpan TimeFor(long bytes) => Grace + TimeSpan.FromSeconds((double)bytes / SlowestBytesPerSecond);
}

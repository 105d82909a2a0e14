namespace Plume.Server.Rpc;

/// <summary>What one client sent and was sent since this server began, and how fast.</summary>
sealed class ClientTransfers
{
    // Less than this says how long a message is on its way, and not how many bytes go in a second; what is sent waits in buffers
    // of this machine besides, so it takes more of it.
    const long LeastUp = 16 << 10, LeastDown = 256 << 10;

    readonly Lock access = new();
    Flow up, down;
    long downlinkBytes;

    /// <summary>Bytes a second of late, as the server saw them come; null where no transfer was long enough to tell.</summary>
    public double? UplinkSpeed
    {
        get
        {
            lock (access)
                return up.Speed;
        }
    }

    /// <summary>Bytes a second of late, as the server could send them; null where no transfer was long enough to tell.</summary>
    public double? DownlinkSpeed
    {
        get
        {
            lock (access)
                return down.Speed;
        }
    }

    /// <summary>Bytes that it was sent.</summary>
    public long DownlinkBytes => Interlocked.Read(ref downlinkBytes);

    /// <summary>Bytes came, from the first to the last of a message.</summary>
    public void Received(long bytes, TimeSpan elapsed)
    {
        lock (access)
            up = bytes < LeastUp ? up : up.With(bytes, elapsed);
    }

    /// <summary>Bytes were sent, all of a message.</summary>
    public void Sent(long bytes, TimeSpan elapsed)
    {
        Interlocked.Add(ref downlinkBytes, bytes);
        lock (access)
            down = bytes < LeastDown ? down : down.With(bytes, elapsed);
    }

    // What was before counts half with each transfer that comes.
    readonly record struct Flow(double Bytes, double Seconds)
    {
        public double? Speed => Seconds > 0 ? Bytes / Seconds : null;

        public Flow With(long bytes, TimeSpan elapsed) =>
            elapsed <= TimeSpan.Zero ? this : new Flow((Bytes / 2) + bytes, (Seconds / 2) + elapsed.TotalSeconds);
    }
}

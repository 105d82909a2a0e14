using System.Net;
using Microsoft.Extensions.Logging;

namespace Plume.Server.Identity;

/// <summary>
/// Keeps the log of refusals short, whoever asks how often: the first few of a rule have a line each, and the rest of the next
/// seconds one line together.
/// </summary>
public sealed partial class Refusals : IDisposable
{
    const int Shown = 20, MostAddresses = 1000;

    static readonly TimeSpan Span = TimeSpan.FromSeconds(10);

    readonly ILogger<IdentityAudit> logger;
    readonly TimeProvider time;
    readonly Lock access = new();
    readonly Dictionary<string, Window> windows = new(StringComparer.Ordinal);
    readonly ITimer timer;

    /// <summary>Writes to the audit's log.</summary>
    public Refusals(ILogger<IdentityAudit> logger, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        (this.logger, this.time) = (logger, time);
        timer = time.CreateTimer(_ => CloseWindows(), null, Span, Span);
    }

    /// <summary>Counts a refusal.</summary>
    /// <param name="rule">What the caller broke, one of the program's own words.</param>
    /// <param name="address">Where it called from.</param>
    /// <returns>Whether it is to have a line of its own.</returns>
    public bool IsShown(string rule, IPAddress? address)
    {
        lock (access)
        {
            if (!windows.TryGetValue(rule, out var window))
                windows[rule] = window = new Window(time.GetTimestamp());
            if (window.Lines < Shown)
            {
                window.Lines++;
                return true;
            }

            window.More++;
            if (address is not null && window.Addresses.Count < MostAddresses)
                window.Addresses.Add(address);
            return false;
        }
    }

    /// <summary>Counts a connection that was turned away before anything was heard from it.</summary>
    internal void Turned(string rule, IPAddress address)
    {
        if (IsShown(rule, address))
            TurnedAway(logger, address, rule);
    }

    /// <summary>Stops counting.</summary>
    public void Dispose() => timer.Dispose();

    void CloseWindows()
    {
        List<(string Rule, Window Window)> over;
        lock (access)
        {
            over = [.. windows.Where(entry => time.GetElapsedTime(entry.Value.Began) >= Span)
                .Select(entry => (entry.Key, entry.Value))];
            foreach (var (rule, _) in over)
                windows.Remove(rule);
        }

        foreach (var (rule, window) in over.Where(entry => entry.Window.More > 0))
            More(logger, window.More, rule, window.Addresses.Count, time.GetElapsedTime(window.Began).TotalSeconds);
    }

    [LoggerMessage(EventId = 108, Level = LogLevel.Warning,
        Message = "Refused {Count} more by rule {Rule} from {Addresses} addresses in the last {Seconds:0} s")]
    static partial void More(ILogger logger, long count, string rule, int addresses, double seconds);

    [LoggerMessage(EventId = 107, Level = LogLevel.Warning, Message = "Refused a connection from {Address}: {Rule}")]
    static partial void TurnedAway(ILogger logger, IPAddress address, string rule);

    sealed class Window(long began)
    {
        public long Began { get; } = began;

        public int Lines { get; set; }

        public long More { get; set; }

        public HashSet<IPAddress> Addresses { get; } = [];
    }
}

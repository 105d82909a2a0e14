using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;

namespace Plume.Server.Identity.Admission;

/// <summary>
/// Counts connections before anything else is done for them. Strangers have few places, by address and in all, and a short time
/// to say who they are; a caller that is known has places of its own. So neither a stranger nor one caller can take the handles
/// that the server lives on, and an address that many honest clients share is not held to what one of them may have.
/// </summary>
/// <remarks>
/// A newcomer that finds no place is turned away, unless a stranger of its address has long been silent, which leaves instead.
/// </remarks>
sealed class ConnectionGate : IDisposable
{
    /// <summary>Connections to the metrics' address, which are beside those of clients.</summary>
    public const int Watchers = 32;

    static readonly TimeSpan LongSilent = TimeSpan.FromSeconds(5), Farewell = TimeSpan.FromSeconds(1);

    readonly ServerLimits limits;
    readonly Refusals refusals;
    readonly TimeProvider time;
    readonly CancellationTokenRegistration stopping;
    readonly Lock access = new();
    readonly HashSet<Guest> open = [];
    readonly Dictionary<IPAddress, LinkedList<Guest>> strangers = [];
    readonly Dictionary<string, int> known = new(StringComparer.Ordinal);
    int strangersInAll;
    int watchers;
    ITimer? end;

    public ConnectionGate(ServerLimits limits, Refusals refusals, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        (this.limits, this.refusals, this.time) = (limits, refusals, time);
        stopping = lifetime.ApplicationStopping.Register(() =>
            end = time.CreateTimer(_ => CloseAll(), null, Farewell, Timeout.InfiniteTimeSpan));
    }

    /// <summary>Puts the gate before a listener; comes before its TLS.</summary>
    public void StandBefore(ListenOptions listen) => listen.Use(next => connection => PassAsync(connection, next));

    /// <summary>
    /// The same for the metrics' address: who asks there never says who it is, and must be heard when clients have taken all they
    /// can.
    /// </summary>
    public void StandBeforeWatchers(ListenOptions listen) => listen.Use(next => async connection =>
    {
        try
        {
            if (Interlocked.Increment(ref watchers) <= Watchers)
                await next(connection).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref watchers);
        }
    });

    /// <summary>Makes a stranger's connection a caller's.</summary>
    public bool TryKnow(Guest guest, string caller)
    {
        lock (access)
        {
            int has = known.GetValueOrDefault(caller);
            if (guest.Caller is not null)
                return true;
            if (has >= limits.ConnectionsPerClient)
                return false;
            known[caller] = has + 1;
            Forget(guest);
            guest.Caller = caller;
            return true;
        }
    }

    public void Dispose()
    {
        stopping.Dispose();
        end?.Dispose();
    }

    async Task PassAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var guest = new Guest(this, connection, NetworkAddress.Of((connection.RemoteEndPoint as IPEndPoint)?.Address),
            time.GetTimestamp());
        if (!TryEnter(guest))
        {
            refusals.Turned(Denials.TooManyConnections.Rule, guest.Network);
            guest.Close("There are too many connections.");
            return;
        }

        connection.Features.Set(guest);
        using var patience = time.CreateTimer(_ => CloseStranger(guest), null, limits.HeaderTime, Timeout.InfiniteTimeSpan);
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            Leave(guest);
        }
    }

    bool TryEnter(Guest guest)
    {
        lock (access)
        {
            if (!strangers.TryGetValue(guest.Network, out var others))
                strangers[guest.Network] = others = [];
            bool isFull = open.Count >= limits.Connections || strangersInAll >= limits.MostStrangers
                || others.Count >= limits.MostStrangersAt;
            if (isFull && others.First is { } oldest && time.GetElapsedTime(oldest.Value.Arrived) > LongSilent)
            {
                oldest.Value.Close("It was silent, and others wait.");
                Forget(oldest.Value);
                open.Remove(oldest.Value);
                isFull = false;
            }

            if (isFull)
            {
                if (others.Count == 0)
                    strangers.Remove(guest.Network);
                return false;
            }

            strangers.TryAdd(guest.Network, others);
            others.AddLast(guest);
            strangersInAll++;
            return open.Add(guest);
        }
    }

    void Leave(Guest guest)
    {
        lock (access)
        {
            open.Remove(guest);
            if (guest.Caller is not { } caller)
                Forget(guest);
            else if (--known[caller] == 0)
                known.Remove(caller);
        }
    }

    void Forget(Guest guest)
    {
        if (!strangers.TryGetValue(guest.Network, out var others) || !others.Remove(guest))
            return;
        strangersInAll--;
        if (others.Count == 0)
            strangers.Remove(guest.Network);
    }

    static void CloseStranger(Guest guest)
    {
        if (guest.Caller is null)
            guest.Close("It has not said in time who calls.");
    }

    // A server that stops waits for nobody who does not go.
    void CloseAll()
    {
        List<Guest> left;
        lock (access)
            left = [.. open];
        foreach (var guest in left)
            guest.Close("The server stops.");
    }
}

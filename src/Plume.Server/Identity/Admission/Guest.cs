using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Plume.Server.Identity.Admission;

/// <summary>One open connection: of a stranger until a call on it says who calls, and from then on of that caller.</summary>
sealed class Guest(ConnectionGate gate, ConnectionContext connection, IPAddress network, long arrived)
{
    public IPAddress Network => network;

    /// <summary>When it came, as the clock's timestamp.</summary>
    public long Arrived => arrived;

    /// <summary>Whose it is; null for a stranger's.</summary>
    public string? Caller { get; set; }

    /// <summary>Makes it a caller's; of several that share it, the first one's.</summary>
    /// <returns>False where that caller has as many connections as it may.</returns>
    public bool TryBelongTo(string caller) => Caller is not null || gate.TryKnow(this, caller);

    /// <summary>Ends it.</summary>
    public void Close(string why) => connection.Abort(new ConnectionAbortedException(why));
}

namespace Plume.Server.Rpc;

/// <summary>
/// What travels between a federation's clients and this server in the round at hand, by client and direction: where a budget of
/// bytes reserved so many before a client was asked, no more travel, however often it begins anew. What was sent before the
/// server began is not known here.
/// </summary>
sealed class RoundMeter
{
    readonly Lock gate = new();
    readonly Dictionary<(int Client, bool IsUpload), long> bytes = [];
    (int, int) at;

    /// <summary>Bytes of a client that have travelled in a round.</summary>
    public long Of(int round, int attempt, int client, bool isUpload)
    {
        lock (gate)
            return at == (round, attempt) ? bytes.GetValueOrDefault((client, isUpload)) : 0;
    }

    /// <summary>Counts bytes of a client in a round; those of an earlier one are forgotten.</summary>
    public void Count(int round, int attempt, int client, bool isUpload, long more)
    {
        lock (gate)
        {
            if (at.CompareTo((round, attempt)) > 0)
                return;
            if (at != (round, attempt))
                bytes.Clear();
            at = (round, attempt);
            bytes[(client, isUpload)] = bytes.GetValueOrDefault((client, isUpload)) + more;
        }
    }
}

namespace Plume.Server.Rpc;

/// <summary>
/// What travels between a federation's clients and this server in the round at hand, by client and direction: where a budget of
/// bytes reserved so many before a client was asked, no more travel, however often it begins anew. What was sent before the
/// server began is not known here.
/// </summary>
sealed class RoundMeter
{
    // What may be on its way when a stream breaks, and be sent again.
    const int ChunkBytes = 64 << 10;

    readonly Lock gate = new();
    readonly Dictionary<(int Client, bool IsUpload), long> bytes = [];
    (int, int) at;

    /// <summary>
    /// Whether a message of a client is longer than what was reserved for it in a round, or would be with what has travelled.
    /// </summary>
    /// <param name="reserved">Most bytes.</param>
    /// <param name="round">The round.</param>
    /// <param name="attempt">Its attempt.</param>
    /// <param name="client">Whose message it is.</param>
    /// <param name="isUpload">Whether the client sends it.</param>
    /// <param name="length">Bytes of the whole message.</param>
    /// <param name="offset">Where it goes on.</param>
    public bool IsBeyond(long reserved, int round, int attempt, int client, bool isUpload, long length, long offset) =>
        length > reserved || Of(round, attempt, client, isUpload) + length - offset > reserved + ChunkBytes;

    long Of(int round, int attempt, int client, bool isUpload)
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

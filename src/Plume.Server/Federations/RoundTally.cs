using Plume.Federation.Rounds;

namespace Plume.Server.Federations;

/// <summary>What is counted while a round runs.</summary>
sealed class RoundTally(DateTimeOffset started)
{
    const int MostReasons = 20;
    const int LongestReason = 200;

    public DateTimeOffset Started { get; } = started;

    public long UplinkBytes { get; private set; }

    /// <summary>Why updates did not come or do not count: the first of them, each in short, since every version keeps them.</summary>
    public List<string> Refused { get; } = [];

    /// <summary>Counts what an event of the round brought.</summary>
    public void Count(LedgerEvent happened, IReadOnlyList<FederationCommand> commands)
    {
        if (happened is Arrived arrived)
            UplinkBytes += arrived.Update.Length;
        if (happened is GaveUp gaveUp)
            Note($"Client {gaveUp.Client} sent no update: {gaveUp.Problem}");
        foreach (var refusal in commands.OfType<RefuseUpdate>())
            Note(refusal.Message);
    }

    void Note(string reason)
    {
        if (Refused.Count < MostReasons)
            Refused.Add(reason.Length <= LongestReason ? reason : $"{reason[..LongestReason]}...");
    }
}

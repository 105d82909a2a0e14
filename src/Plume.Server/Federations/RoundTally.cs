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

    /// <summary>Which updates counted at less than their size.</summary>
    public List<string> Bounded { get; } = [];

    /// <summary>Counts what an event of the round brought.</summary>
    public void Count(LedgerEvent happened, IReadOnlyList<FederationCommand> commands)
    {
        if (happened is Arrived arrived)
            UplinkBytes += arrived.Update.Length;
        if (happened is GaveUp gaveUp)
            Note(Refused, $"Client {gaveUp.Client} sent no update: {gaveUp.Problem}");
        foreach (var refusal in commands.OfType<RefuseUpdate>())
            Note(Refused, refusal.Message);
        foreach (var bounded in commands.OfType<ReportBounded>())
            Note(Bounded, bounded.Message);
    }

    static void Note(List<string> reasons, string reason)
    {
        if (reasons.Count < MostReasons)
            reasons.Add(reason.Length <= LongestReason ? reason : $"{reason[..LongestReason]}...");
    }
}

using Plume.Federation.Rounds;

namespace Plume.Server.Federations;

/// <summary>What is counted while a round runs.</summary>
sealed class RoundTally(DateTimeOffset started)
{
    public DateTimeOffset Started { get; } = started;

    public long UplinkBytes { get; private set; }

    public List<string> Refused { get; } = [];

    /// <summary>Counts what an event of the round brought.</summary>
    public void Count(LedgerEvent happened, IReadOnlyList<FederationCommand> commands)
    {
        if (happened is Arrived arrived)
            UplinkBytes += arrived.Update.Length;
        if (happened is GaveUp gaveUp)
            Refused.Add($"Client {gaveUp.Client} sent no update: {gaveUp.Problem}");
        Refused.AddRange(commands.OfType<RefuseUpdate>().Select(refusal => refusal.Message));
    }
}

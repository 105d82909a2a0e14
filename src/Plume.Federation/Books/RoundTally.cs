using Plume.Federation.Rounds;

namespace Plume.Federation.Books;

/// <summary>
/// How much of what there is to say of single updates is kept: so many notes a round, each of so many characters.
/// </summary>
/// <param name="Most">Notes.</param>
/// <param name="Longest">Characters of one.</param>
public readonly record struct NoteLimit(int Most, int Longest)
{
    /// <summary>All of it.</summary>
    public static NoteLimit None { get; } = new(int.MaxValue, int.MaxValue);
}

/// <summary>What is counted while a round runs, its attempts together.</summary>
sealed class RoundTally(NoteLimit limit)
{
    public long UplinkBytes { get; private set; }

    /// <summary>The mean of the training losses, out of a secure sum; null where none was made.</summary>
    public double? SumLoss { get; private set; }

    /// <summary>Why updates did not come or do not count.</summary>
    public List<string> Refused { get; } = [];

    /// <summary>Which updates counted at less than their size.</summary>
    public List<string> Bounded { get; } = [];

    public void Count(FederationEvent happened, IEnumerable<FederationCommand> commands)
    {
        if (happened is UpdateArrived arrived)
            UplinkBytes += arrived.Length;
        if (happened is ClientDropped { Problem: { } problem } dropped)
            Note(Refused, $"Client {dropped.Client} sent no update: {problem}");
        CountSum(happened);
        foreach (var command in commands)
        {
            if (command is RefuseUpdate refusal)
                Note(Refused, refusal.Message);
            else if (command is ReportBounded bounded)
                Note(Bounded, bounded.Message);
        }
    }

    void CountSum(FederationEvent happened)
    {
        switch (happened)
        {
            case SumClosed closed:
                UplinkBytes += closed.Length;
                break;
            case SumRevealed revealed:
                UplinkBytes += revealed.Length;
                SumLoss = revealed.Loss;
                if (revealed.Note is { } note)
                    Note(Bounded, note);
                break;
            case SumLost lost:
                UplinkBytes += lost.Length;
                Note(Refused, lost.Problem);
                break;
        }
    }

    void Note(List<string> notes, string note)
    {
        if (notes.Count < limit.Most)
            notes.Add(note.Length <= limit.Longest ? note : $"{note[..limit.Longest]}...");
    }
}

using System.Globalization;
using Plume.Compression.Wording;
using Plume.Federation.Books;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Writing;

namespace Plume.Server.Federations.News;

/// <summary>
/// What happened lately in a federation, in sentences for those who look after it: in memory, so since this server has it, and
/// the last things only.
/// </summary>
/// <param name="nameOf">A client's name by its number; empty for nobody.</param>
sealed class Chronicle(Func<int, string> nameOf) : IFollower
{
    /// <summary>Things that are kept.</summary>
    public const int Most = 200;

    const int Longest = 300;

    /// <summary>What models are measured by, as a word.</summary>
    public required string Metric { get; init; }

    // Read by whoever looks, while things happen.
    readonly Lock access = new();
    readonly Queue<Happening> kept = [];
    Happening? last;
    long count;

    /// <summary>All that is kept, the oldest first.</summary>
    public Happening[] All
    {
        get
        {
            lock (access)
                return [.. kept, .. last is { } newest ? [newest] : Array.Empty<Happening>()];
        }
    }

    /// <inheritdoc/>
    public void Follow(LedgerEvent? happened, BooksEntry entry)
    {
        if (happened is not null && SentenceOf(happened, entry) is { } sentence)
            Note(entry.At, sentence, happened is SumWasLost);
        foreach (var command in entry.Commands)
            Note(entry.At, command);
    }

    /// <summary>A round was closed.</summary>
    public void Closed(DateTimeOffset at, RoundMetrics round)
    {
        string rest = round.Refused.Count == 0 ? "" : $"; {Counted(round.Refused.Count, "other")} did not come or do not count",
            measured = round.Accuracy is { } accuracy
                ? string.Create(CultureInfo.InvariantCulture, $"; {Metric} {accuracy * 100:0.00} %") : "";
        Note(at, $"Round {round.Round} is closed with {Counted(round.Accepted, "update")}{rest}{measured}.", isTrouble: false);
    }

    /// <summary>A client does not do its part. Its round may be over by that, so that no event tells of it.</summary>
    public void GaveUp(DateTimeOffset at, int client, int round, string problem) =>
        Note(at, $"{Who(client)} does not do its part in round {round}: {problem}", isTrouble: true);

    /// <summary>An update does not count.</summary>
    public void Refused(DateTimeOffset at, RefuseUpdate refusal) =>
        Note(at, $"{Who(refusal.Client)}: {refusal.Reason}. {refusal.Message}", isTrouble: true);

    /// <summary>Notes something. The same again and again is one thing, which happened several times.</summary>
    public void Note(DateTimeOffset at, string sentence, bool isTrouble)
    {
        string text = Printable.Line(sentence, Longest);
        lock (access)
        {
            if (last is { } before && before.Text == text)
            {
                last = before with { At = at, Times = before.Times + 1 };
                return;
            }

            if (last is { } older)
                kept.Enqueue(older);
            last = new Happening(++count, at, text, isTrouble, Times: 1);
            while (kept.Count >= Most)
                kept.Dequeue();
        }
    }

    void Note(DateTimeOffset at, FederationCommand command)
    {
        if (command is RefuseUpdate refusal)
            Refused(at, refusal);
        else if (command is ReportBounded bounded)
            Note(at, bounded.Message, isTrouble: true);
        else if (command is Abandon abandon)
            Note(at, abandon.Message, isTrouble: true);
    }

    // Before places follow it, so that whoever loses one still has a name.
    string? SentenceOf(LedgerEvent happened, BooksEntry entry) => happened switch
    {
        PlaceTaken place => $"'{place.Name}' joined and has place {place.Client}.",
        PlaceGivenBack place => $"{Who(place.Client)} has place {place.Client} no longer. {place.Why}",
        CameBack back => $"{Who(back.Client)} is there again.",
        WentAway away => $"{Who(away.Client)} is away, or rests.",
        DeadlinePassed => $"The time of round {entry.Before.Current.Round} was up with {Counted(entry.Before.Added, "update")}.",
        SumWasLost lost => $"The secure sum of round {entry.Before.Current.Round} cannot be had: {lost.Problem}",
        WasPaused { By: var by } => $"{OperatorOf(by)} paused the federation.",
        WasResumed { By: var by } => $"{OperatorOf(by)} let the federation go on.",
        WasStopped { By: var by } => $"{OperatorOf(by)} stopped the federation.",
        WasExtended { By: var by, Rounds: var rounds } => $"{OperatorOf(by)} gave the federation more rounds: {rounds} all told.",
        _ => null,
    };

    string Who(int client) => nameOf(client) is { Length: > 0 } name ? $"'{name}'" : $"Client {client}";

    static string OperatorOf(string? by) => by is null ? "An operator" : $"Operator {by}";

    static string Counted(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}

/// <summary>Something that happened.</summary>
/// <param name="Number">Its place among all that happened, from 1.</param>
/// <param name="At">When; where it happened several times, when last.</param>
/// <param name="Text">What.</param>
/// <param name="IsTrouble">Whether an operator should look at it.</param>
/// <param name="Times">How many times.</param>
[GenerateSerializer, Immutable]
sealed record Happening(long Number, DateTimeOffset At, string Text, bool IsTrouble, int Times);

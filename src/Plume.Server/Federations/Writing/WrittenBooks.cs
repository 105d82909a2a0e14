using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Plume.Federation.Books;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Telemetry;

namespace Plume.Server.Federations.Writing;

/// <summary>
/// The books of a federation in which nothing stands that is not durable: an event is considered, written to the journal, and
/// then entered and told to the followers. One at a time, who has the turn.
/// </summary>
sealed partial class WrittenBooks(string federation, RoundBooks books, Journal journal, SteadyTime time,
    FederationMetrics metrics, ILogger logger)
{
    ImmutableArray<IFollower> followers = [];

    /// <summary>
    /// What follows an event that was written, once all followers have it; not while a restart tells what was written before.
    /// </summary>
    public Action<BooksEntry> Entered { get; set; } = _ => { };

    /// <summary>Is told of an update that does not count and changes nothing.</summary>
    public Action<RefuseUpdate> Refused { get; set; } = _ => { };

    /// <summary>The books.</summary>
    public RoundBooks Books => books;

    /// <summary>All that the rules know.</summary>
    public FederationState State => books.State;

    /// <summary>The time by which events are written.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    SemaphoreSlim Turns { get; } = new(1);

    /// <summary>Tells these of all that happens from now on.</summary>
    public void Tell(params IFollower[] others) => followers = [.. followers, .. others];

    /// <summary>Waits for the turn, which ends when what is returned is disposed.</summary>
    public async Task<Turn> TurnAsync(CancellationToken cancellation)
    {
        await Turns.WaitAsync(cancellation).ConfigureAwait(false);
        return new Turn(Turns);
    }

    /// <summary>The same for so long; null where others have it all the time.</summary>
    public async Task<Turn?> TurnAsync(TimeSpan longest, CancellationToken cancellation) =>
        await Turns.WaitAsync(longest, cancellation).ConfigureAwait(false) ? new Turn(Turns) : null;

    /// <summary>Lets something happen, if it has a reason to when its turn comes.</summary>
    public async Task HappenAsync(Func<DateTimeOffset, LedgerEvent?> happening, CancellationToken cancellation)
    {
        using var mine = await TurnAsync(cancellation).ConfigureAwait(false);
        if (happening(Now) is { } happened)
            await HappenAsync(happened).ConfigureAwait(false);
    }

    /// <summary>Lets something happen. Under the turn.</summary>
    public async Task<BooksEntry> HappenAsync(LedgerEvent happened)
    {
        var entry = books.Consider(happened.ToFederation(), happened.At);
        if (entry.IsChange)
        {
            await journal.AppendAsync(happened).ConfigureAwait(false);
            Believe(happened, entry);
            Entered(entry);
        }

        else
        {
            Array.ForEach([.. entry.Commands.OfType<RefuseUpdate>()], Refused);
        }

        metrics.Happened(happened, entry.Commands);
        foreach (var bounded in entry.Commands.OfType<ReportBounded>())
            LogBounded(logger, federation, bounded.Message);
        return entry;
    }

    /// <summary>Writes the next version. Under the turn.</summary>
    /// <param name="entry">That the round's mean was applied.</param>
    /// <param name="next">The head.</param>
    /// <param name="record">The version's record.</param>
    public async Task CommitAsync(BooksEntry entry, FederationHead next, VersionRecord record)
    {
        await journal.CommitAsync(next, record).ConfigureAwait(false);
        Believe(null, entry);
    }

    /// <summary>Enters again what was written before this owner came.</summary>
    /// <exception cref="InvalidDataException">What was written contradicts itself.</exception>
    public void Replay(IEnumerable<LedgerEvent> events)
    {
        foreach (var happened in events)
        {
            try
            {
                Believe(happened, books.Consider(happened.ToFederation(), happened.At));
            }
            catch (Exception contradiction) when (contradiction is InvalidOperationException or KeyNotFoundException)
            {
                throw new InvalidDataException(
                    $"The ledger of '{federation}' contradicts itself, so it is damaged: {contradiction.Message} Restore the "
                        + $"storage from a copy.", contradiction);
            }
        }
    }

    void Believe(LedgerEvent? happened, BooksEntry entry)
    {
        books.Enter(entry);
        foreach (var follower in followers)
            follower.Follow(happened, entry);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation}: {Message}")]
    static partial void LogBounded(ILogger logger, string federation, string message);
}

/// <summary>A turn to consider and write an event; over when it is disposed.</summary>
sealed class Turn(SemaphoreSlim turn) : IDisposable
{
    public void Dispose() => turn.Release();
}

using Plume.Compression.Codecs;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Plume.Compression.Randomness;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Federations.Writing;
using Plume.Server.Storage;
using Plume.Server.Tests.Storage;

namespace Plume.Server.Tests.Federations.Writing;

/// <summary>Written first, then believed.</summary>
public class WrittenBooksTests
{
    static readonly FederationPlan Plan = new(3, 5, 2, new LocalObjective(1, 1, 0.1), Codec.Floats, Codec.Floats)
    {
        StartWith = 2,
        Quorum = 2,
    };

    readonly LedgerInMemory ledger = new();
    readonly Told told = new();

    [Fact]
    public async Task What_happened_is_in_the_ledger_before_anybody_is_told()
    {
        var (written, _) = await OpenAsync();
        told.Look = () => ledger.Events.Count;
        await JoinAsync(written, 0);
        Assert.Equal([1], told.Looks);
        Assert.Equal([0], written.State.Members);
    }

    [Fact]
    public async Task What_could_not_be_written_did_not_happen_and_can_happen_later()
    {
        var (written, _) = await OpenAsync();
        ledger.Failure = new IOException("no space left");
        await Assert.ThrowsAsync<IOException>(() => JoinAsync(written, 0));
        Assert.Empty(written.State.Members);
        Assert.Empty(told.Events);
        await JoinAsync(written, 0);
        Assert.Single(ledger.Events);
        Assert.Single(told.Events);
    }

    [Fact]
    public async Task What_changes_nothing_is_not_written()
    {
        var (written, _) = await OpenAsync();
        await JoinAsync(written, 0);
        await JoinAsync(written, 1);
        using (await written.TurnAsync(default))
            Assert.Equal(Refusal.Stale,
                (await written.HappenAsync(new Arrived(written.Now, Update(0) with { Round = 4 }))).Refusal!.Reason);
        Assert.Equal(2, ledger.Events.Count);
    }

    [Fact]
    public async Task Of_two_owners_only_the_newer_one_writes()
    {
        var (older, _) = await OpenAsync();
        var (newer, _) = await OpenAsync();
        await Assert.ThrowsAsync<FencedException>(() => JoinAsync(older, 0));
        Assert.Empty(older.State.Members);
        await JoinAsync(newer, 0);
    }

    [Fact]
    public async Task A_restart_stands_where_the_ledger_says()
    {
        var (before, _) = await OpenAsync();
        await PlayAsync(before);
        told.Events.Clear();
        var (after, content) = await OpenAsync();
        after.Replay(content.Events.Select(LedgerEvent.FromBytes));
        Assert.Equal(before.State.Weights, after.State.Weights);
        Assert.Equal(Phase.Applying, after.State.Phase);
        Assert.Equal(before.Books.Figures(null, 1, 2).TrainingLoss, after.Books.Figures(null, 1, 2).TrainingLoss);
        Assert.Equal(content.Events.Count, told.Events.Count);
    }

    [Fact]
    public async Task A_ledger_that_contradicts_itself_is_damaged()
    {
        var (written, _) = await OpenAsync();
        var damage = Assert.Throws<InvalidDataException>(() => written.Replay([new WasAdded(default, 0, 1)]));
        Assert.Contains("contradicts itself", damage.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_commit_that_failed_leaves_the_round_where_it_was_and_one_that_did_not_opens_the_next()
    {
        var (written, journal) = await OpenJournalAsync();
        await PlayAsync(written);
        var entry = written.Books.Consider(new ModelApplied(), written.Now);
        var head = journal.Head with { Version = 1, State = KeptState.Of(entry.After) };
        ledger.Failure = new IOException("no space left");
        await Assert.ThrowsAsync<IOException>(() => written.CommitAsync(entry, head, VersionRecord.First));
        Assert.Equal((Phase.Applying, 0), (written.State.Phase, journal.Head.Version));
        await written.CommitAsync(entry, head, VersionRecord.First);
        Assert.Equal((Phase.Collecting, 2, 1, 1),
            (written.State.Phase, written.State.Current.Round, journal.Head.Version, ledger.Version));
        Assert.Null(told.Events[^1]);
        Assert.NotNull(await journal.RecordAsync(1));
        Assert.Null(await journal.RecordAsync(2));
    }

    async Task<(WrittenBooks Written, LedgerContent Content)> OpenAsync()
    {
        var (written, journal) = await OpenJournalAsync();
        return (written, await journal.TakeOverAsync(default));
    }

    async Task<(WrittenBooks Written, Journal Journal)> OpenJournalAsync()
    {
        var journal = new Journal(ledger, "toy", "Toy");
        var time = new SteadyTime(TimeProvider.System);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var books = new RoundBooks(Plan, RandomKey.FromSeed(1), modelNorm: 1, NoteLimit.None);
        var written = new WrittenBooks("Toy", books, journal, time, new ServerMetrics(meters).For("Toy"), NullLogger.Instance);
        written.Tell(told);
        if ((await journal.TakeOverAsync(default)).Version < 0)
            await journal.BeginAsync(new FederationHead(0, 1, "run", "", "", "", null, KeptState.Of(written.State)), default);
        return (written, journal);
    }

    static Task JoinAsync(WrittenBooks written, int client) =>
        written.HappenAsync(now => new PlaceTaken(now, client, $"client {client}"), default);

    static ArrivedUpdate Update(int client) => new(client, 1, 1, 0, 5, 0.5 + client, 100, "hash");

    static async Task PlayAsync(WrittenBooks written)
    {
        for (int client = 0; client < 2; client++)
            await JoinAsync(written, client);
        for (int client = 0; client < 2; client++)
        {
            int own = client;
            await written.HappenAsync(now => new Arrived(now, Update(own)), default);
            await written.HappenAsync(now => new WasAdded(now, own, 1), default);
        }
    }

    /// <summary>Notes what it is told, and what it sees when it is.</summary>
    sealed class Told : IFollower
    {
        public List<LedgerEvent?> Events { get; } = [];

        public Func<int> Look { get; set; } = () => 0;

        public List<int> Looks { get; } = [];

        public void Follow(LedgerEvent? happened, BooksEntry entry)
        {
            Events.Add(happened);
            Looks.Add(Look());
        }
    }
}

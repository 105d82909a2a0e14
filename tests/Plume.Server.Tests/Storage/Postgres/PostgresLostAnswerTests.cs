using System.Text;
using Npgsql;
using Plume.Server.Storage;
using Plume.Server.Storage.Postgres;

namespace Plume.Server.Tests.Storage.Postgres;

/// <summary>The connection ends between a write and its answer, or before the write arrives, which then comes late.</summary>
public sealed class PostgresLostAnswerTests(PostgresStores stores, PostgresFixture postgres) : IClassFixture<PostgresStores>,
    IAsyncLifetime
{
    const string Federation = "digits";

    static readonly CancellationToken Never = CancellationToken.None;

    PostgresProxy proxy = null!;
    PostgresStorage near = null!, far = null!;
    long epoch;

    public async ValueTask InitializeAsync()
    {
        await stores.EmptyAsync();
        proxy = PostgresProxy.To((await postgres.ClusterAsync()).Port);
        far = await stores.OpenAsync();
        near = await PostgresStorage.OpenAsync(proxy.Through(stores.Database), new SteppedTime(), Never);
        epoch = (await near.Ledger.TakeOverAsync(Federation, Never)).Epoch;
    }

    public async ValueTask DisposeAsync()
    {
        await near.DisposeAsync();
        await proxy.DisposeAsync();
    }

    [Fact]
    public async Task An_append_to_a_ledger_whose_answer_was_lost_is_made_once()
    {
        proxy.LoseAnswer();
        await near.Ledger.AppendAsync(Federation, epoch, 0, ["one"u8.ToArray(), "two"u8.ToArray()], Never);
        await near.Ledger.AppendAsync(Federation, epoch, 2, ["three"u8.ToArray()], Never);
        Assert.Equal(["one", "two", "three"], await HistoryAsync(-1));
    }

    [Fact]
    public async Task An_append_to_a_ledger_that_arrives_late_changes_nothing()
    {
        var late = proxy.HoldRequest();
        await near.Ledger.AppendAsync(Federation, epoch, 0, ["one"u8.ToArray()], Never);
        await near.Ledger.CommitAsync(Federation, epoch, 0, [0], Never);
        await (await late)();
        Assert.Equal(["one"], await HistoryAsync(-1));
        Assert.Empty(await HistoryAsync(0));
        Assert.Empty((await far.Ledger.TakeOverAsync(Federation, Never)).Events);
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_is_made_once()
    {
        proxy.LoseAnswer();
        await near.Ledger.CommitAsync(Federation, epoch, 0, "head"u8.ToArray(), Never);
        await near.Ledger.CommitAsync(Federation, epoch, 1, "next"u8.ToArray(), Never);
        Assert.Equal(1, (await far.Ledger.TakeOverAsync(Federation, Never)).Version);
    }

    [Fact]
    public async Task A_commit_that_arrives_late_changes_nothing()
    {
        var late = proxy.HoldRequest();
        await near.Ledger.CommitAsync(Federation, epoch, 0, "head"u8.ToArray(), Never);
        await near.Ledger.AppendAsync(Federation, epoch, 0, ["since"u8.ToArray()], Never);
        await (await late)();
        var content = await far.Ledger.TakeOverAsync(Federation, Never);
        Assert.Equal((0, 1), (content.Version, content.Events.Count));
    }

    [Fact]
    public async Task A_commit_of_an_owner_that_was_taken_over_while_its_answer_was_lost_is_refused()
    {
        proxy.LoseAnswer(before: async () =>
        {
            var mine = await far.Ledger.TakeOverAsync(Federation, Never);
            await far.Ledger.CommitAsync(Federation, mine.Epoch, 1, "yours"u8.ToArray(), Never);
        });
        await Assert.ThrowsAsync<FencedException>(() => near.Ledger.CommitAsync(Federation, epoch, 0, "mine"u8.ToArray(), Never));
        Assert.Equal("yours", Encoding.ASCII.GetString((await far.Ledger.TakeOverAsync(Federation, Never)).Head));
    }

    [Fact]
    public async Task A_take_over_that_arrives_late_puts_nobody_out()
    {
        // The first request makes the ledger if there is none, the second reads the epoch, the third raises it.
        var late = proxy.HoldRequest(3);
        long mine = (await near.Ledger.TakeOverAsync(Federation, Never)).Epoch;
        await (await late)();
        await near.Ledger.AppendAsync(Federation, mine, 0, ["one"u8.ToArray()], Never);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_take_over_whose_answer_was_lost_still_gives_a_ledger_to_write(int request)
    {
        proxy.LoseAnswer(request);
        long mine = (await near.Ledger.TakeOverAsync(Federation, Never)).Epoch;
        await near.Ledger.AppendAsync(Federation, mine, 0, ["one"u8.ToArray()], Never);
        Assert.Equal(["one"], await HistoryAsync(-1));
    }

    [Fact]
    public async Task A_record_whose_answer_was_lost_is_written_once()
    {
        proxy.LoseAnswer();
        Assert.True(await near.Records.WriteAsync("a", "one"u8.ToArray(), 0, Never));
        proxy.LoseAnswer();
        Assert.True(await near.Records.WriteAsync("a", "two"u8.ToArray(), 1, Never));
        Assert.Equal(2, (await far.Records.ReadAsync("a", Never))!.Revision);
    }

    [Fact]
    public async Task Of_two_writers_of_the_same_bytes_only_one_is_told_that_it_wrote()
    {
        // The other one writes between the first and the second try.
        bool theirs = false;
        var time = new SteppedTime(async _ => theirs = await far.Records.WriteAsync("token", "used"u8.ToArray(), 0, Never));
        await using var storage = await PostgresStorage.OpenAsync(proxy.Through(stores.Database), time, Never);
        var late = proxy.HoldRequest();
        Assert.False(await storage.Records.WriteAsync("token", "used"u8.ToArray(), 0, Never));
        Assert.True(theirs);
        await (await late)();
        Assert.Equal(1, (await far.Records.ReadAsync("token", Never))!.Revision);
    }

    [Fact]
    public async Task A_record_that_was_written_again_while_its_answer_was_lost_is_left_to_the_caller()
    {
        proxy.LoseAnswer(before: () => far.Records.WriteAsync("a", "theirs"u8.ToArray(), 1, Never));
        await Assert.ThrowsAsync<IOException>(() => near.Records.WriteAsync("a", "mine"u8.ToArray(), 0, Never));
        Assert.Equal(2, (await far.Records.ReadAsync("a", Never))!.Revision);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task An_append_to_a_blob_whose_answer_was_lost_is_made_once(int request)
    {
        proxy.LoseAnswer(request);
        await near.Blobs.AppendAsync("a", 0, "one"u8.ToArray(), Never);
        await near.Blobs.AppendAsync("a", 3, "two"u8.ToArray(), Never);
        Assert.Equal("onetwo", await TextAsync("a"));
    }

    [Theory]
    [InlineData("one")]
    [InlineData("one, of which more was sent")]
    public async Task An_append_to_a_blob_that_arrives_late_cuts_nothing_off(string before)
    {
        await near.Blobs.AppendAsync("a", 0, Encoding.ASCII.GetBytes(before), Never);
        var late = proxy.HoldRequest(2);
        await near.Blobs.AppendAsync("a", 3, "two"u8.ToArray(), Never);
        await near.Blobs.AppendAsync("a", 6, "six"u8.ToArray(), Never);
        await (await late)();
        Assert.Equal("onetwosix", await TextAsync("a"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_move_whose_answer_was_lost_is_made(int request)
    {
        await near.Blobs.AppendAsync("uploads/a.part", 0, "one"u8.ToArray(), Never);
        proxy.LoseAnswer(request);
        await near.Blobs.MoveAsync("uploads/a.part", "uploads/a", Never);
        Assert.Equal(["uploads/a"], await far.Blobs.ListAsync("uploads/", Never));
    }

    [Fact]
    public async Task A_move_and_a_deletion_that_arrive_late_touch_no_later_blob()
    {
        await near.Blobs.AppendAsync("a", 0, "old"u8.ToArray(), Never);
        var deletion = proxy.HoldRequest(2);
        await near.Blobs.DeleteAsync("a", Never);
        await near.Blobs.AppendAsync("a", 0, "one"u8.ToArray(), Never);
        await (await deletion)();
        var move = proxy.HoldRequest(2);
        await near.Blobs.MoveAsync("a", "b", Never);
        await near.Blobs.AppendAsync("a", 0, "two"u8.ToArray(), Never);
        await (await move)();
        Assert.Equal(("two", "one"), (await TextAsync("a"), await TextAsync("b")));
    }

    [Fact]
    public async Task A_way_that_is_cut_is_tried_again_with_longer_and_longer_pauses_until_it_is_mended()
    {
        var time = new SteppedTime(number =>
        {
            if (number == 9)
                proxy.Mend();
            return Task.CompletedTask;
        });
        await using var storage = await PostgresStorage.OpenAsync(proxy.Through(stores.Database), time, Never);
        proxy.Cut();
        Assert.Null(await storage.Records.ReadAsync("a", Never));
        Assert.Equal(9, time.Pauses.Count);
        Assert.InRange(time.Pauses[0].TotalMilliseconds, 25, 50);
        Assert.InRange(time.Pauses[8].TotalMilliseconds, 1000, 2000);
    }

    [Fact]
    public async Task A_way_that_stays_cut_is_given_up_with_what_is_known()
    {
        var time = new SteppedTime();
        await using var storage =
            await PostgresStorage.OpenAsync(proxy.Through(stores.Database) + ";Password=secret;Pooling=false", time, Never);
        proxy.Cut();
        var error = await Assert.ThrowsAsync<IOException>(() => storage.Records.WriteAsync("clients/17", [1], 0, Never));
        Assert.Contains("'clients/17'", error.Message, StringComparison.Ordinal);
        Assert.Contains("did not take effect", error.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
        Assert.InRange(time.Pauses.Sum(pause => pause.TotalSeconds), 10, 20);
        Assert.IsAssignableFrom<NpgsqlException>(error.InnerException);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_tried_again_like_one_that_is_gone()
    {
        var time = new SteppedTime(number =>
        {
            if (number == 2)
                proxy.Thaw();
            return Task.CompletedTask;
        });
        await using var storage =
            await PostgresStorage.OpenAsync(proxy.Through(stores.Database)
                + ";Timeout=1;Command Timeout=1;Cancellation Timeout=-1", time, Never);
        long mine = (await storage.Ledger.TakeOverAsync(Federation, Never)).Epoch;
        proxy.Freeze();
        await storage.Ledger.AppendAsync(Federation, mine, 0, ["one"u8.ToArray()], Never);
        Assert.Equal(2, time.Pauses.Count);
        Assert.Equal(["one"], await HistoryAsync(-1));
    }

    [Fact]
    public async Task A_write_whose_outcome_stays_unknown_is_said_to_be_so()
    {
        await using var storage = await PostgresStorage.OpenAsync(proxy.Through(stores.Database), new SteppedTime(), Never);
        proxy.LoseAnswer(before: () =>
        {
            proxy.Cut();
            return Task.CompletedTask;
        });
        var error = await Assert.ThrowsAsync<IOException>(() => storage.Records.WriteAsync("a", [1], 0, Never));
        Assert.Contains("may or may not have taken effect", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ledger_tells_a_write_of_unknown_outcome_from_one_that_was_not_made()
    {
        var notMade = PostgresProxy.To((await postgres.ClusterAsync()).Port);
        await using (notMade)
        {
            await using var cut = await PostgresStorage.OpenAsync(notMade.Through(stores.Database) + ";Pooling=false",
                new SteppedTime(), Never);
            long mine = (await cut.Ledger.TakeOverAsync("other", Never)).Epoch;
            notMade.Cut();
            await Assert.ThrowsAsync<IOException>(() => cut.Ledger.AppendAsync("other", mine, 0, ["one"u8.ToArray()], Never));
        }

        proxy.LoseAnswer(before: () =>
        {
            proxy.Cut();
            return Task.CompletedTask;
        });
        await Assert.ThrowsAsync<UnknownOutcomeException>(() =>
            near.Ledger.AppendAsync(Federation, epoch, 0, ["one"u8.ToArray()], Never));
    }

    async Task<IEnumerable<string>> HistoryAsync(int version) =>
        (await far.Ledger.HistoryAsync(Federation, version, Never)).Select(Encoding.ASCII.GetString);

    async Task<string> TextAsync(string name)
    {
        var bytes = new byte[100];
        return Encoding.ASCII.GetString(bytes, 0, await far.Blobs.ReadAsync(name, 0, bytes, Never));
    }
}

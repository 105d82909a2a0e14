using System.Text;
using Plume.Server.Storage;

namespace Plume.Server.Tests.Storage;

/// <summary>What every ledger does.</summary>
public abstract class LedgerContract
{
    const string Federation = "digits";

    static readonly CancellationToken Never = CancellationToken.None;

    /// <summary>
    /// The test's own ledger, empty at first; when called again, the same one as another process opens it later.
    /// </summary>
    protected abstract Task<ILedger> OpenAsync();

    [Fact]
    public async Task A_new_ledger_is_empty()
    {
        var content = await (await OpenAsync()).TakeOverAsync(Federation, Never);
        Assert.True(content.Epoch > 0);
        Assert.Equal(-1, content.Version);
        Assert.Empty(content.Head);
        Assert.Empty(content.Events);
    }

    [Fact]
    public async Task Events_come_back_in_order()
    {
        var ledger = await OpenAsync();
        long epoch = (await ledger.TakeOverAsync(Federation, Never)).Epoch;
        await ledger.AppendAsync(Federation, epoch, 0, Events("one", "two"), Never);
        await ledger.AppendAsync(Federation, epoch, 2, Events(""), Never);
        await ledger.AppendAsync(Federation, epoch, 3, Events("four"), Never);
        var content = await (await OpenAsync()).TakeOverAsync(Federation, Never);
        Assert.Equal(["one", "two", "", "four"], Texts(content.Events));
        Assert.Equal(-1, content.Version);
    }

    [Fact]
    public async Task A_commit_replaces_the_head_and_starts_events_anew()
    {
        var ledger = await OpenAsync();
        long epoch = (await ledger.TakeOverAsync(Federation, Never)).Epoch;
        await ledger.AppendAsync(Federation, epoch, 0, Events("before"), Never);
        await ledger.CommitAsync(Federation, epoch, 0, "first"u8.ToArray(), Never);
        await ledger.AppendAsync(Federation, epoch, 0, Events("between"), Never);
        await ledger.CommitAsync(Federation, epoch, 1, "second"u8.ToArray(), Never);
        await ledger.AppendAsync(Federation, epoch, 0, Events("after"), Never);
        var content = await (await OpenAsync()).TakeOverAsync(Federation, Never);
        Assert.Equal((1, "second"), (content.Version, Encoding.ASCII.GetString(content.Head)));
        Assert.Equal(["after"], Texts(content.Events));
    }

    [Fact]
    public async Task Events_stay_until_the_version_after_the_one_that_they_led_to()
    {
        var ledger = await OpenAsync();
        long epoch = (await ledger.TakeOverAsync(Federation, Never)).Epoch;
        await ledger.AppendAsync(Federation, epoch, 0, Events("a", "b"), Never);
        await ledger.CommitAsync(Federation, epoch, 0, [0], Never);
        Assert.Equal(["a", "b"], Texts(await ledger.HistoryAsync(Federation, -1, Never)));
        await ledger.AppendAsync(Federation, epoch, 0, Events("c"), Never);
        await ledger.CommitAsync(Federation, epoch, 1, [1], Never);
        Assert.Empty(await ledger.HistoryAsync(Federation, -1, Never));
        Assert.Equal(["c"], Texts(await ledger.HistoryAsync(Federation, 0, Never)));
        Assert.Empty(await ledger.HistoryAsync(Federation, 1, Never));
        Assert.Empty(await ledger.HistoryAsync("other", 0, Never));
    }

    [Fact]
    public async Task The_record_of_every_version_stays()
    {
        const int versions = 20;
        var ledger = await OpenAsync();
        long epoch = (await ledger.TakeOverAsync(Federation, Never)).Epoch;
        for (int version = 0; version < versions; version++)
        {
            Assert.Null(await ledger.RecordAsync(Federation, version, Never));
            await ledger.CommitAsync(Federation, epoch, version, [9], Events($"record {version}"), Never);
            await ledger.CommitAsync(Federation, epoch, version, [9], Events($"record {version}"), Never);
        }

        ledger = await OpenAsync();
        Assert.Equal("record 7", Encoding.ASCII.GetString((await ledger.RecordAsync(Federation, 7, Never))!));
        var content = await ledger.TakeOverAsync(Federation, Never);
        Assert.Equal(Enumerable.Range(0, versions).Select(version => $"record {version}"), Texts(content.Records));
        Assert.Equal("record 7", Encoding.ASCII.GetString((await ledger.RecordAsync(Federation, 7, Never))!));
        Assert.Null(await ledger.RecordAsync(Federation, versions, Never));
        await ledger.CommitAsync(Federation, content.Epoch, versions, [9], Events("next"), Never);
        Assert.Equal("next", Encoding.ASCII.GetString((await ledger.RecordAsync(Federation, versions, Never))!));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_commit_with_too_few_records_or_too_many_is_refused(int records)
    {
        var ledger = await OpenAsync();
        long epoch = (await ledger.TakeOverAsync(Federation, Never)).Epoch;
        await ledger.CommitAsync(Federation, epoch, 0, [0], Never);
        await Assert.ThrowsAnyAsync<Exception>(() =>
            ledger.CommitAsync(Federation, epoch, 1, [1], [.. Enumerable.Repeat(new byte[] { 1 }, records)], Never));
        var content = await ledger.TakeOverAsync(Federation, Never);
        Assert.Equal((0, 1), (content.Version, content.Records.Count));
        await ledger.CommitAsync(Federation, content.Epoch, 1, [1], Never);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task A_commit_that_is_not_the_next_is_refused(int version)
    {
        var ledger = await OpenAsync();
        long epoch = (await ledger.TakeOverAsync(Federation, Never)).Epoch;
        for (int next = 0; next < 3; next++)
            await ledger.CommitAsync(Federation, epoch, next, [(byte)next], Never);
        await Assert.ThrowsAsync<FencedException>(() => ledger.CommitAsync(Federation, epoch, version, [9], Never));
        var content = await ledger.TakeOverAsync(Federation, Never);
        Assert.Equal((2, 2), (content.Version, content.Head[0]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Another_event_at_a_place_that_is_not_the_next_is_refused(int position)
    {
        var ledger = await OpenAsync();
        long epoch = (await ledger.TakeOverAsync(Federation, Never)).Epoch;
        await ledger.AppendAsync(Federation, epoch, 0, Events("one", "two"), Never);
        await Assert.ThrowsAsync<FencedException>(() => ledger.AppendAsync(Federation, epoch, position, Events("three"), Never));
        Assert.Equal(["one", "two"], Texts((await ledger.TakeOverAsync(Federation, Never)).Events));
    }

    [Fact]
    public async Task What_was_made_already_is_acknowledged_again_and_made_once()
    {
        var ledger = await OpenAsync();
        long epoch = (await ledger.TakeOverAsync(Federation, Never)).Epoch;
        await ledger.AppendAsync(Federation, epoch, 0, Events("one", "two"), Never);
        await ledger.AppendAsync(Federation, epoch, 0, Events("one", "two"), Never);
        await ledger.AppendAsync(Federation, epoch, 1, Events("two"), Never);
        await ledger.AppendAsync(Federation, epoch, 2, Events("three"), Never);
        await ledger.CommitAsync(Federation, epoch, 0, [7], Never);
        await ledger.CommitAsync(Federation, epoch, 0, [7], Never);
        await ledger.AppendAsync(Federation, epoch, 0, Events("four"), Never);
        await ledger.CommitAsync(Federation, epoch, 0, [7], Never);
        var content = await ledger.TakeOverAsync(Federation, Never);
        Assert.Equal((0, 7), (content.Version, content.Head[0]));
        Assert.Equal(["four"], Texts(content.Events));
        Assert.Equal(["one", "two", "three"], Texts(await ledger.HistoryAsync(Federation, -1, Never)));
    }

    [Fact]
    public async Task An_append_that_was_made_in_part_only_is_refused()
    {
        var ledger = await OpenAsync();
        long epoch = (await ledger.TakeOverAsync(Federation, Never)).Epoch;
        await ledger.AppendAsync(Federation, epoch, 0, Events("one"), Never);
        await Assert.ThrowsAsync<FencedException>(() => ledger.AppendAsync(Federation, epoch, 0, Events("one", "two"), Never));
        Assert.Equal(["one"], Texts((await ledger.TakeOverAsync(Federation, Never)).Events));
    }

    [Fact]
    public async Task An_append_of_nothing_is_refused()
    {
        var ledger = await OpenAsync();
        long epoch = (await ledger.TakeOverAsync(Federation, Never)).Epoch;
        await Assert.ThrowsAnyAsync<ArgumentException>(() => ledger.AppendAsync(Federation, epoch, 0, [], Never));
    }

    [Fact]
    public async Task An_owner_that_was_taken_over_writes_nothing_more()
    {
        var ledger = await OpenAsync();
        var old = await ledger.TakeOverAsync(Federation, Never);
        await ledger.AppendAsync(Federation, old.Epoch, 0, Events("mine"), Never);
        var mine = await ledger.TakeOverAsync(Federation, Never);
        Assert.True(mine.Epoch > old.Epoch);
        await Assert.ThrowsAsync<FencedException>(() => ledger.AppendAsync(Federation, old.Epoch, 1, Events("late"), Never));
        await Assert.ThrowsAsync<FencedException>(() => ledger.CommitAsync(Federation, old.Epoch, 0, "late"u8.ToArray(), Never));
        await ledger.AppendAsync(Federation, mine.Epoch, 1, Events("yours"), Never);
        await ledger.CommitAsync(Federation, mine.Epoch, 0, "head"u8.ToArray(), Never);
        Assert.Equal(["mine", "yours"], Texts(await ledger.HistoryAsync(Federation, -1, Never)));
    }

    [Fact]
    public async Task Who_never_took_over_writes_nothing()
    {
        var ledger = await OpenAsync();
        await Assert.ThrowsAsync<FencedException>(() => ledger.AppendAsync(Federation, 1, 0, Events("x"), Never));
        await Assert.ThrowsAsync<FencedException>(() => ledger.CommitAsync(Federation, 1, 0, [], Never));
    }

    [Fact]
    public async Task Federations_do_not_meet()
    {
        var ledger = await OpenAsync();
        long one = (await ledger.TakeOverAsync("one", Never)).Epoch, two = (await ledger.TakeOverAsync("two", Never)).Epoch;
        await ledger.AppendAsync("one", one, 0, Events("a"), Never);
        await ledger.CommitAsync("two", two, 0, "head"u8.ToArray(), Never);
        Assert.Equal(["a"], Texts((await ledger.TakeOverAsync("one", Never)).Events));
        Assert.Equal(0, (await ledger.TakeOverAsync("two", Never)).Version);
    }

    [Fact]
    public async Task Of_two_owners_at_once_one_commits_each_version()
    {
        var ledger = await OpenAsync();
        var commits = new int[60];
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => RaceAsync(ledger, commits))));
        Assert.All(commits, times => Assert.Equal(1, times));
        var content = await ledger.TakeOverAsync(Federation, Never);
        Assert.Equal(commits.Length - 1, content.Version);
        for (int version = 0; version < commits.Length; version++)
            Assert.Equal(version, (await ledger.RecordAsync(Federation, version, Never))![0]);
    }

    [Theory]
    [MemberData(nameof(StorageNames.Refused), MemberType = typeof(StorageNames))]
    public async Task A_name_that_leads_elsewhere_is_refused(string federation)
    {
        var ledger = await OpenAsync();
        await Assert.ThrowsAnyAsync<ArgumentException>(() => ledger.TakeOverAsync(federation, Never));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => ledger.HistoryAsync(federation, 0, Never));
    }

    /// <summary>Takes the ledger over, and goes on as far as the other owner lets it, until all versions are there.</summary>
    protected static async Task RaceAsync(ILedger ledger, int[] commits)
    {
        while (true)
        {
            var content = await ledger.TakeOverAsync(Federation, Never);
            try
            {
                int events = content.Events.Count;
                for (int version = content.Version + 1; version < commits.Length; version++, events = 0)
                {
                    if (events == 0)
                        await ledger.AppendAsync(Federation, content.Epoch, 0, Events($"to {version}"), Never);
                    await ledger.CommitAsync(Federation, content.Epoch, version, [(byte)version], Never);
                    Interlocked.Increment(ref commits[version]);
                    // Lets the other one in now and then; without it, two owners that only take over would never come to write.
                    if (version % 4 == 3)
                        await Task.Yield();
                }

                return;
            }
            catch (FencedException)
            {
            }
        }
    }

    protected static IReadOnlyList<byte[]> Events(params string[] texts) => [.. texts.Select(Encoding.ASCII.GetBytes)];

    protected static IEnumerable<string> Texts(IEnumerable<byte[]> events) => events.Select(Encoding.ASCII.GetString);
}

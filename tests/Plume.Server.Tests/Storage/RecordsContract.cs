using System.Text;
using Plume.Server.Storage;

namespace Plume.Server.Tests.Storage;

/// <summary>What every store of records does.</summary>
public abstract class RecordsContract
{
    static readonly CancellationToken Never = CancellationToken.None;

    /// <summary>
    /// The test's own store, empty at first; when called again, the same one as another process opens it later.
    /// </summary>
    protected abstract Task<IRecords> OpenAsync();

    [Fact]
    public async Task A_record_that_nobody_wrote_is_not_there()
    {
        var records = await OpenAsync();
        Assert.Null(await records.ReadAsync("clients/17", Never));
    }

    [Fact]
    public async Task A_record_comes_back_with_a_revision_that_goes_up()
    {
        var records = await OpenAsync();
        Assert.True(await records.WriteAsync("clients/17", "one"u8.ToArray(), 0, Never));
        var first = (await records.ReadAsync("clients/17", Never))!;
        Assert.True(await records.WriteAsync("clients/17", "two"u8.ToArray(), first.Revision, Never));
        var second = (await (await OpenAsync()).ReadAsync("clients/17", Never))!;
        Assert.Equal((1, 2), (first.Revision, second.Revision));
        Assert.Equal(("one", "two"), (Encoding.ASCII.GetString(first.Value), Encoding.ASCII.GetString(second.Value)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_write_from_another_revision_is_refused(long revision)
    {
        var records = await OpenAsync();
        Assert.True(await records.WriteAsync("a", "one"u8.ToArray(), 0, Never));
        Assert.True(await records.WriteAsync("a", "two"u8.ToArray(), 1, Never));
        Assert.False(await records.WriteAsync("a", "three"u8.ToArray(), revision, Never));
        var now = (await records.ReadAsync("a", Never))!;
        Assert.Equal(("two", 2), (Encoding.ASCII.GetString(now.Value), now.Revision));
    }

    [Fact]
    public async Task A_write_from_a_revision_of_nothing_is_refused()
    {
        var records = await OpenAsync();
        Assert.False(await records.WriteAsync("a", "x"u8.ToArray(), 1, Never));
        Assert.Null(await records.ReadAsync("a", Never));
    }

    [Fact]
    public async Task Of_writers_at_once_one_wins_each_revision()
    {
        var records = await OpenAsync();
        int[] wins = new int[4];
        await Task.WhenAll(Enumerable.Range(0, wins.Length).Select(writer => Task.Run(async () =>
        {
            for (int write = 0; write < 25; write++)
            {
                long revision = (await records.ReadAsync("count", Never))?.Revision ?? 0;
                if (await records.WriteAsync("count", [(byte)writer], revision, Never))
                    wins[writer]++;
            }
        })));
        Assert.Equal(wins.Sum(), (await records.ReadAsync("count", Never))!.Revision);
    }

    [Fact]
    public async Task A_record_holds_64_KiB_and_no_more()
    {
        var records = await OpenAsync();
        Assert.True(await records.WriteAsync("a", new byte[64 << 10], 0, Never));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => records.WriteAsync("b", new byte[(64 << 10) + 1], 0, Never));
        Assert.True(await records.WriteAsync("c", [], 0, Never));
        Assert.Empty((await records.ReadAsync("c", Never))!.Value);
    }

    [Fact]
    public async Task A_list_is_in_ordinal_order()
    {
        var records = await OpenAsync();
        string[] keys = ["a-b/1", "a/10", "a/2", "a0/1", "b"];
        foreach (string key in keys.Reverse())
            await records.WriteAsync(key, Encoding.ASCII.GetBytes(key), 0, Never);
        Assert.Equal(keys, from entry in await records.ListAsync("", Never) select entry.Key);
        Assert.Equal(["a/10", "a/2"],
            from entry in await records.ListAsync("a/", Never) select Encoding.ASCII.GetString(entry.Value.Value));
        Assert.Empty(await records.ListAsync("c/", Never));
    }

    [Theory]
    [MemberData(nameof(StorageNames.Refused), MemberType = typeof(StorageNames))]
    public async Task A_key_that_leads_elsewhere_is_refused(string key)
    {
        var records = await OpenAsync();
        await Assert.ThrowsAnyAsync<ArgumentException>(() => records.ReadAsync(key, Never));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => records.WriteAsync(key, [], 0, Never));
    }
}

using System.Text;
using Plume.Server.Storage;

namespace Plume.Server.Tests.Storage;

/// <summary>What every store of blobs does.</summary>
public abstract class BlobsContract
{
    static readonly CancellationToken Never = CancellationToken.None;

    /// <summary>The test's own store, empty at first.</summary>
    protected abstract Task<IBlobs> OpenAsync();

    [Fact]
    public async Task A_blob_that_nobody_wrote_is_not_there()
    {
        var blobs = await OpenAsync();
        Assert.Null(await blobs.LengthAsync("digits/uploads/3-1-17.part", Never));
        await Assert.ThrowsAsync<FileNotFoundException>(() => blobs.ReadAsync("digits/none", 0, new byte[1], Never));
        await Assert.ThrowsAsync<FileNotFoundException>(() => blobs.FlushAsync("digits/none", Never));
        await blobs.DeleteAsync("digits/none", Never);
    }

    [Fact]
    public async Task Bytes_are_added_to_the_end()
    {
        var blobs = await OpenAsync();
        await blobs.AppendAsync("a/b", 0, "one"u8.ToArray(), Never);
        await blobs.AppendAsync("a/b", 3, "two"u8.ToArray(), Never);
        await blobs.FlushAsync("a/b", Never);
        Assert.Equal("onetwo", await TextAsync(blobs, "a/b"));
        Assert.Equal(6, await blobs.LengthAsync("a/b", Never));
    }

    [Fact]
    public async Task An_append_of_nothing_makes_an_empty_blob()
    {
        var blobs = await OpenAsync();
        await blobs.AppendAsync("empty", 0, ReadOnlyMemory<byte>.Empty, Never);
        Assert.Equal(0, await blobs.LengthAsync("empty", Never));
        Assert.Equal(0, await blobs.ReadAsync("empty", 0, new byte[4], Never));
    }

    [Theory]
    [InlineData(0, "X")]
    [InlineData(2, "onX")]
    [InlineData(3, "oneX")]
    [InlineData(5, "onetwX")]
    [InlineData(9, "onetwosixX")]
    public async Task An_append_cuts_off_what_lies_past_its_offset(int offset, string expected)
    {
        var blobs = await OpenAsync();
        await blobs.AppendAsync("a", 0, "one"u8.ToArray(), Never);
        await blobs.AppendAsync("a", 3, "two"u8.ToArray(), Never);
        await blobs.AppendAsync("a", 6, "six"u8.ToArray(), Never);
        await blobs.AppendAsync("a", offset, "X"u8.ToArray(), Never);
        Assert.Equal(expected, await TextAsync(blobs, "a"));
        await blobs.AppendAsync("a", offset + 1, "more"u8.ToArray(), Never);
        Assert.Equal(expected + "more", await TextAsync(blobs, "a"));
    }

    [Fact]
    public async Task An_append_past_the_end_is_refused()
    {
        var blobs = await OpenAsync();
        await blobs.AppendAsync("a", 0, "one"u8.ToArray(), Never);
        await Assert.ThrowsAsync<InvalidOperationException>(() => blobs.AppendAsync("a", 4, "x"u8.ToArray(), Never));
        await Assert.ThrowsAsync<InvalidOperationException>(() => blobs.AppendAsync("none", 1, "x"u8.ToArray(), Never));
        Assert.Equal("one", await TextAsync(blobs, "a"));
    }

    [Fact]
    public async Task Reading_starts_anywhere_and_ends_at_the_end()
    {
        var blobs = await OpenAsync();
        foreach (int offset in Enumerable.Range(0, 5))
            await blobs.AppendAsync("a", offset * 2, Encoding.ASCII.GetBytes($"{offset}{offset}"), Never);
        var bytes = new byte[4];
        Assert.Equal(4, await blobs.ReadAsync("a", 3, bytes, Never));
        Assert.Equal("1223", Encoding.ASCII.GetString(bytes));
        Assert.Equal(1, await blobs.ReadAsync("a", 9, bytes, Never));
        Assert.Equal((byte)'4', bytes[0]);
        Assert.Equal(0, await blobs.ReadAsync("a", 10, bytes, Never));
        Assert.Equal(0, await blobs.ReadAsync("a", 1L << 40, bytes, Never));
        Assert.Equal(0, await blobs.ReadAsync("a", 0, Memory<byte>.Empty, Never));
    }

    [Fact]
    public async Task Five_mebibytes_come_back_as_they_went()
    {
        var blobs = await OpenAsync();
        var bytes = new byte[5 << 20];
        new Random(5).NextBytes(bytes);
        await blobs.AppendAsync("large", 0, bytes.AsMemory(0, (3 << 20) + 17), Never);
        await blobs.AppendAsync("large", (3 << 20) + 17, bytes.AsMemory((3 << 20) + 17), Never);
        Assert.Equal(bytes.Length, await blobs.LengthAsync("large", Never));
        var read = new byte[bytes.Length + 1];
        Assert.Equal(bytes.Length, await blobs.ReadAsync("large", 0, read, Never));
        Assert.True(bytes.AsSpan().SequenceEqual(read.AsSpan(0, bytes.Length)));
        Assert.Equal(2 << 20, await blobs.ReadAsync("large", (2 << 20) + 5, read.AsMemory(0, 2 << 20), Never));
        Assert.True(bytes.AsSpan((2 << 20) + 5, 2 << 20).SequenceEqual(read.AsSpan(0, 2 << 20)));
    }

    [Fact]
    public async Task A_move_replaces_what_has_the_name()
    {
        var blobs = await OpenAsync();
        await blobs.AppendAsync("uploads/1.part", 0, "new"u8.ToArray(), Never);
        await blobs.AppendAsync("payloads/1", 0, "older"u8.ToArray(), Never);
        await blobs.MoveAsync("uploads/1.part", "payloads/1", Never);
        Assert.Equal("new", await TextAsync(blobs, "payloads/1"));
        Assert.Null(await blobs.LengthAsync("uploads/1.part", Never));
        await blobs.MoveAsync("payloads/1", "payloads/1", Never);
        Assert.Equal("new", await TextAsync(blobs, "payloads/1"));
    }

    [Fact]
    public async Task A_move_of_nothing_is_refused_and_changes_nothing()
    {
        var blobs = await OpenAsync();
        await blobs.AppendAsync("payloads/1", 0, "old"u8.ToArray(), Never);
        await Assert.ThrowsAsync<FileNotFoundException>(() => blobs.MoveAsync("payloads/2", "payloads/1", Never));
        await Assert.ThrowsAsync<FileNotFoundException>(() => blobs.MoveAsync("uploads/2.part", "payloads/1", Never));
        Assert.Equal("old", await TextAsync(blobs, "payloads/1"));
    }

    [Fact]
    public async Task A_reader_sees_one_blob_or_the_other_while_many_are_moved_to_a_name()
    {
        var blobs = await OpenAsync();
        await blobs.AppendAsync("head", 0, new byte[64], Never);
        var moves = Task.Run(async () =>
        {
            for (int move = 1; move <= 40; move++)
            {
                await blobs.AppendAsync("next", 0, Enumerable.Repeat((byte)move, 64 + move).ToArray(), Never);
                await blobs.MoveAsync("next", "head", Never);
            }
        });
        var bytes = new byte[256];
        while (!moves.IsCompleted)
        {
            int length = await blobs.ReadAsync("head", 0, bytes, Never);
            Assert.Equal(64 + bytes[0], length);
            Assert.Equal(-1, bytes.AsSpan(0, length).IndexOfAnyExcept(bytes[0]));
        }

        await moves;
    }

    [Fact]
    public async Task What_is_deleted_is_gone()
    {
        var blobs = await OpenAsync();
        await blobs.AppendAsync("a", 0, "one"u8.ToArray(), Never);
        await blobs.DeleteAsync("a", Never);
        Assert.Null(await blobs.LengthAsync("a", Never));
        await blobs.AppendAsync("a", 0, "x"u8.ToArray(), Never);
        Assert.Equal("x", await TextAsync(blobs, "a"));
    }

    [Fact]
    public async Task A_list_is_in_ordinal_order()
    {
        var blobs = await OpenAsync();
        string[] names = ["a-b/1", "a/10", "a/2", "a/z.part", "a0/1", "b"];
        foreach (string name in names.Reverse())
            await blobs.AppendAsync(name, 0, "x"u8.ToArray(), Never);
        Assert.Equal(names, await blobs.ListAsync("", Never));
        Assert.Equal(["a/10", "a/2", "a/z.part"], await blobs.ListAsync("a/", Never));
        Assert.Equal(["a/10"], await blobs.ListAsync("a/1", Never));
        Assert.Empty(await blobs.ListAsync("c/", Never));
    }

    [Theory]
    [MemberData(nameof(StorageNames.Refused), MemberType = typeof(StorageNames))]
    public async Task A_name_that_leads_elsewhere_is_refused(string name)
    {
        var blobs = await OpenAsync();
        await Assert.ThrowsAnyAsync<ArgumentException>(() => blobs.AppendAsync(name, 0, "x"u8.ToArray(), Never));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => blobs.LengthAsync(name, Never));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => blobs.ReadAsync(name, 0, new byte[1], Never));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => blobs.MoveAsync("a", name, Never));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => blobs.MoveAsync(name, "a", Never));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => blobs.DeleteAsync(name, Never));
    }

    static async Task<string> TextAsync(IBlobs blobs, string name)
    {
        var bytes = new byte[100];
        return Encoding.ASCII.GetString(bytes, 0, await blobs.ReadAsync(name, 0, bytes, Never));
    }
}

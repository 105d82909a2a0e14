using CsCheck;
using Plume.Compression.Wire;

namespace Plume.Learning.Data.Tests;

public sealed class IdxFileTests : IDisposable
{
    static readonly int[] Same = [.. Enumerable.Range(0, 256)];
    static readonly byte[] Small = [0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 10, 20, 30, 40, 50, 255];

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    string Refusal(byte[] bytes, int rank = 2)
    {
        string path = folder.Write("idx", bytes);
        string message = Assert.Throws<InvalidPayloadException>(() => IdxFile.Read(path, rank, Same)).Message;
        Assert.StartsWith($"File '{path}' ", message, StringComparison.Ordinal);
        return message[$"File '{path}' ".Length..];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_is_read_through_the_table_gzipped_or_not(bool gzip)
    {
        int[] negative = [.. Same.Select(value => -value)];
        var (shape, values) = IdxFile.Read(folder.Write("idx", gzip ? TemporaryFolder.Gzip(Small) : Small), 2, negative);
        Assert.Equal([3, 2], shape);
        Assert.Equal([-10, -20, -30, -40, -50, -255], values);
    }

    [Fact]
    public void A_file_of_many_pieces_is_read_whole()
    {
        byte[] data = [.. Enumerable.Range(0, 200_001).Select(index => (byte)(index % 251))];
        byte[] file = [0, 0, 8, 1, 0, 3, 0x0D, 0x41, .. data];
        Assert.Equal(data.Select(value => (int)value),
            IdxFile.Read(folder.Write("idx", TemporaryFolder.Gzip(file)), 1, Same).Values);
    }

    [Fact]
    public void A_truncated_file_is_refused_at_any_byte()
    {
        for (int length = 0; length < Small.Length; length++)
        {
            string expected = length < 12
                ? $"is cut: its header needs 12 bytes, but it has {length}."
                : $"is cut: its data needs 6 bytes, but it has {length - 12}.";
            Assert.Equal(expected, Refusal(Small[..length]));
        }
    }

    [Fact]
    public void A_truncated_gzip_file_is_refused_at_any_byte()
    {
        byte[] packed = TemporaryFolder.Gzip(Small);
        for (int length = 0; length < packed.Length; length++)
            Assert.StartsWith("is cut", Refusal(packed[..length]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_bit_in_a_gzip_file_never_gives_other_values()
    {
        byte[] packed = TemporaryFolder.Gzip(Small);
        Gen.Int[0, 8 * packed.Length - 1].Sample(bit =>
        {
            byte[] damaged = [.. packed];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            using var own = new TemporaryFolder();
            try
            {
                Assert.Equal([10, 20, 30, 40, 50, 255], IdxFile.Read(own.Write("idx", damaged), 2, Same).Values);
            }
            catch (InvalidPayloadException)
            {
            }
        }, iter: 500);
    }

    [Fact]
    public void Another_magic_a_strange_dimension_and_more_data_are_refused()
    {
        Assert.Equal("must begin with 00000801 (bytes in 1 dimensions), but begins with 00000802.", Refusal(Small, rank: 1));
        Assert.Equal("must begin with 00000802 (bytes in 2 dimensions), but begins with 00000d02.",
            Refusal([0, 0, 13, .. Small[3..]]));
        Assert.Equal("has 0 as dimension 1 of 2, but it must be in 1..2147483647.", Refusal([.. Small[..7], 0, .. Small[8..]]));
        Assert.Equal("has 4294967295 as dimension 2 of 2, but it must be in 1..2147483647.",
            Refusal([.. Small[..8], 255, 255, 255, 255]));
        Assert.Equal("has more than the 6 bytes of data that it declares.", Refusal([.. Small, 0]));
        Assert.Equal("has more than the 6 bytes of data that it declares.", Refusal(TemporaryFolder.Gzip([.. Small, 0])));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_that_declares_more_than_it_can_hold_takes_no_memory(bool gzip)
    {
        byte[] boast = [0, 0, 8, 2, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF];
        boast = gzip ? TemporaryFolder.Gzip(boast) : boast;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.StartsWith("is cut: its data needs ", Refusal(boast), StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void A_gzip_bomb_is_not_unpacked_beyond_its_declared_size()
    {
        byte[] bomb = TemporaryFolder.Gzip([.. Small, .. new byte[50_000_000]]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("has more than the 6 bytes of data that it declares.", Refusal(bomb));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }
}

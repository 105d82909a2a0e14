using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Compression.Files;
using Plume.Compression.Weights;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Container;

public class PlumeFileTests
{
    static readonly ModelLayout Small = ModelLayout.Of([("w", [20, 16], TensorRole.Weight), ("b", [20], TensorRole.Bias)]);

    [Theory]
    [InlineData("pack")]
    [InlineData("topk(10%) | uniform(4) | rans")]
    [InlineData("uniform(8, block=64) | zstd")]
    public void A_file_reads_back_as_it_was_written(string line)
    {
        var file = Some.PlumeFile(line, Some.Mixed) with { Graph = new byte[] { 1, 2, 3 } };
        byte[] bytes = file.ToBytes();
        var read = PlumeFile.Read(bytes);
        Assert.Equal((file.Codec, file.Layout, file.Key), (read.Codec, read.Layout, read.Key));
        Assert.Equal(file.Graph.ToArray(), read.Graph.ToArray());
        Assert.Equal(file.Decode().Values, read.Decode().Values);
        Assert.Equal(bytes, read.ToBytes());
    }

    [Fact]
    public void A_file_cut_at_any_byte_or_continued_is_refused()
    {
        byte[] bytes = Some.PlumeFile("uniform(4) | rans", Small).ToBytes();
        for (int length = 0; length < bytes.Length; length++)
            Assert.Throws<InvalidPayloadException>(() => PlumeFile.Read(bytes.AsSpan(0, length)));
        Assert.Throws<InvalidPayloadException>(() => PlumeFile.Read([.. bytes, 0]));
    }

    [Fact]
    public void A_file_with_any_bit_flipped_is_refused()
    {
        byte[] bytes = Some.PlumeFile("uniform(4) | rans", Small).ToBytes();
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<InvalidPayloadException>(() => PlumeFile.Read(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Integers_read_back_from_a_file_in_the_file()
    {
        var file = Some.PlumeFile("uniform(4) | rans", Small) with
        {
            Graph = new byte[] { 1, 2, 3 },
            Integers = Some.PlumeFile("deadzone(abs=1, exact) | range", Small),
        };
        var read = PlumeFile.Read(file.ToBytes());
        Assert.Equal(file.Integers.Decode().Values, read.Integers!.Decode().Values);
        Assert.Equal(file.Decode().Values, read.Decode().Values);
    }

    [Fact]
    public void Integers_have_no_graph_and_no_integers_of_their_own()
    {
        var file = Some.PlumeFile("pack", Small);
        var refusal = Assert.Throws<ArgumentException>(() => file with { Integers = file with { Graph = new byte[] { 1 } } });
        Assert.Equal("A file of integers has tensors and a payload only. (Parameter 'value')", refusal.Message);
        byte[] bytes = (file with { Integers = file }).ToBytes(), inner = (file with { Graph = new byte[] { 1 } }).ToBytes();
        byte[] forged = [.. bytes.AsSpan(0, bytes.Length - file.ToBytes().Length - 16),
            .. BitConverter.GetBytes((ulong)inner.Length), .. inner, .. System.IO.Hashing.XxHash64.Hash(inner).Reverse()];
        Assert.Equal("The file's integers have a graph or integers of their own; they are tensors and a payload only.",
            Assert.Throws<InvalidPayloadException>(() => PlumeFile.Read(forged)).Message);
    }

    [Fact]
    public void A_file_of_version_1_is_read()
    {
        var file = Some.PlumeFile("uniform(4) | rans", Small);
        byte[] bytes = file.ToBytes()[..^8];
        bytes[8] = 1;
        Assert.Equal(file.Decode().Values, PlumeFile.Read(bytes).Decode().Values);
    }

    [Fact]
    public void A_newer_version_is_refused_by_name()
    {
        byte[] bytes = Some.PlumeFile("pack", Small).ToBytes();
        bytes[8] = 4;
        Assert.Equal("Payload field 'version' at offset 8 is 4, but it must be 1 to 3: a newer Plume wrote it, and that one is "
            + "needed to read it.",
            Assert.Throws<InvalidPayloadException>(() => PlumeFile.Read(bytes)).Message);
    }

    [Fact]
    public void A_length_beyond_the_file_takes_no_memory()
    {
        byte[] bytes = Some.PlumeFile("pack", Small).ToBytes();
        bytes.AsSpan(9, 8).Fill(0x7F);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidPayloadException>(() => PlumeFile.Read(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
    }

    [Fact]
    public void A_reference_that_is_not_the_one_it_was_made_against_is_refused()
    {
        var codec = Codec.Parse("delta | uniform(8) | rans");
        float[] reference = Some.Normal(Small.Length, 2), values = Some.Normal(Small.Length, 3);
        var payload = new PayloadEncoder(codec, Small).Encode(values, new(7), reference: reference).ToArray();
        var file = PlumeFile.Read(
            new PlumeFile(codec, Small, payload, 7) { ReferenceHash = PlumeFile.HashOf(reference) }.ToBytes());
        Assert.InRange(Some.Nmse(values, file.Decode(reference).Values), 0, 1e-3);
        reference[5]++;
        Assert.Throws<ArgumentException>(() => file.Decode(reference));
        Assert.Throws<ArgumentException>(() => file.Decode());
    }

    [Fact]
    public void Damaged_files_are_refused_and_nothing_else_escapes()
    {
        byte[] bytes = Some.PlumeFile("topk(10%) | uniform(4) | rans", Small).ToBytes();
        foreach (byte[] damaged in Mutations.Of(bytes, seed: 5, count: 3000))
        {
            if (!damaged.AsSpan().SequenceEqual(bytes))
                Assert.Throws<InvalidPayloadException>(() => PlumeFile.Read(damaged));
        }
    }

    [Fact]
    public void A_file_replaces_another_whole_or_leaves_it()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string path = Path.Combine(folder, "a");
        AtomicFile.Write(path, [1]);
        AtomicFile.Write(path, [2, 3]);
        Assert.Equal([2, 3], File.ReadAllBytes(path));
        Directory.CreateDirectory(Path.Combine(folder, "b"));
        Assert.ThrowsAny<Exception>(() => AtomicFile.Write(Path.Combine(folder, "b"), [4]));
        Assert.Equal(["a"], Directory.GetFiles(folder).Select(Path.GetFileName));
        Directory.Delete(folder, recursive: true);
    }
}

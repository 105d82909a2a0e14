using System.Text;
using CsCheck;
using Plume.Compression.Wire;
using Plume.Learning.Data;
using Plume.Learning.Data.Tests;

namespace Plume.Learning.Partition.Tests;

public sealed class FromFileTests : IDisposable
{
    const string Good = "{\"note\": {\"clients\": [1]},\n \"clients\": [[0, 3], [1], [5, 4]],\n \"rounds\": [[2, 0], [1]]}\n";

    static readonly LabeledSet Six = Some.Even(3, 2);

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    string Refusal(params byte[] bytes)
    {
        string path = folder.Write("split.json", bytes);
        string message = Assert.Throws<InvalidPayloadException>(() => new FromFile(path).Read(Six)).Message;
        Assert.StartsWith($"File '{path}'", message, StringComparison.Ordinal);
        return message[$"File '{path}'".Length..];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Clients_and_rounds_are_read(bool gzip)
    {
        byte[] text = Encoding.UTF8.GetBytes(Good);
        string path = folder.Write("split", gzip ? TemporaryFolder.Gzip(text) : text);
        var allotment = new FromFile(path).Deal(Six, 3, Some.Key());
        Assert.Equal([[0, 3], [1], [5, 4]], allotment.Clients);
        Assert.Equal([[2, 0], [1]], allotment.Rounds);
        Assert.StartsWith(
            $"File '{path}' splits the data over 3 clients, but 2 were asked for.",
            Assert.Throws<ArgumentException>(() => new FromFile(path).Deal(Six, 2, Some.Key())).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Rounds_may_be_left_out() =>
        Assert.Null(new FromFile(folder.Write("split", "{\"clients\": [[5]]}")).Read(Six).Rounds);

    [Theory]
    [InlineData("", ", line 1, column 1 is not valid JSON: ")]
    [InlineData("[]", ", line 1, column 1: here must stand an object with 'clients', a list of index lists.")]
    [InlineData("{}", ", line 1, column 2: 'clients' is missing, a list of index lists.")]
    [InlineData("{\"clients\":\n 7}", ", line 2, column 2: here must stand a list of lists of samples.")]
    [InlineData("{\"clients\": [7]}", ", line 1, column 14: here must stand a list of samples.")]
    [InlineData("{\"clients\": [[0],\n[6]]}", ", line 2, column 2: a sample must be a whole number in 0..5.")]
    [InlineData("{\"clients\": [[-1]]}", ", line 1, column 15: a sample must be a whole number in 0..5.")]
    [InlineData("{\"clients\": [[0.5]]}", ", line 1, column 15: a sample must be a whole number in 0..5.")]
    [InlineData("{\"clients\": [[\"0\"]]}", ", line 1, column 15: a sample must be a whole number in 0..5.")]
    [InlineData("{\"clients\": [[0], []]}", ", line 1, column 20: list 1 must have a sample, counted from 0.")]
    [InlineData("{\"clients\": [[0, 1],\n [2, 0]]}",
        ", line 2, column 6: sample 0 stands here a second time; list 0 has it, counted from 0.")]
    [InlineData("{\"clients\": [[0]], \"clients\": [[0]]}", ", line 1, column 20: the key stands here a second time.")]
    [InlineData("{\"rounds\": [[0]], \"clients\": [[0]]}", ", line 1, column 2: 'rounds' must stand after 'clients'.")]
    [InlineData("{\"clients\": [[0]], \"rounds\": [[0, 1]]}", ", line 1, column 35: a client must be a whole number in 0..0.")]
    [InlineData("{\"clients\": [[0], [1]], \"rounds\": [[0], [1, 1]]}",
        ", line 1, column 45: client 1 stands here a second time; list 1 has it, counted from 0.")]
    [InlineData("{\"clients\": [[0]]} 1", ", line 1, column 20 is not valid JSON: ")]
    [InlineData("{\"clients\": [[0]], \"\\ud800\": 1, \"x\": \"\\ud800\", \"clients\": 1}",
        ", line 1, column 48: the key stands here a second time.")]
    public void A_mistake_is_refused_with_its_place(string text, string message) =>
        Assert.StartsWith(message, Refusal(Encoding.UTF8.GetBytes(text)), StringComparison.Ordinal);

    [Fact]
    public void A_truncated_file_is_refused_at_any_byte()
    {
        byte[] text = Encoding.UTF8.GetBytes(Good.TrimEnd()), packed = TemporaryFolder.Gzip(text);
        for (int length = 0; length < text.Length; length++)
            Refusal(text[..length]);
        for (int length = 0; length < packed.Length; length++)
            Refusal(packed[..length]);
    }

    [Fact]
    public void A_changed_file_gives_a_valid_split_or_a_refusal() =>
        Gen.Select(Gen.Int[0, Good.Length - 1], Gen.Byte).Sample((place, value) =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Good);
        bytes[place] = value;
        using var own = new TemporaryFolder();
        try
        {
            int[] dealt = [.. new FromFile(own.Write("split", bytes)).Read(Six).Clients.SelectMany(samples => samples)];
            Assert.Equal(dealt.Distinct(), dealt);
            Assert.All(dealt, sample => Assert.InRange(sample, 0, 5));
        }
        catch (InvalidPayloadException)
        {
        }
    }, iter: 3_000);

    [Fact]
    public void A_gzip_bomb_is_given_up() =>
        Assert.Equal(" holds more than 67108864 bytes of text.", Refusal(TemporaryFolder.Gzip(new byte[80_000_000])));

    [Fact]
    public void A_missing_file_is_an_error_of_the_disk() =>
        Assert.Throws<FileNotFoundException>(() => new FromFile(Path.Combine(folder.Path, "none.json")).Read(Six));
}

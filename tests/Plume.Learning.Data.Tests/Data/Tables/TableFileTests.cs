using CsCheck;
using Plume.Compression.Wire;
using Plume.Learning.Data.Tables;

namespace Plume.Learning.Data.Tests;

public sealed class TableFileTests : IDisposable
{
    const string Good = "width, \"he\"\"ight\" ,site,kind\r\n1.5,-2,north,1\r\n\r\n 3e1 ,\"4\",\"so,uth\",0\n5,6,north,1";

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    static LabeledSet Load(string path) =>
        Table.Read(path, new TableTerms("kind") { Client = "site" }).ToSet(SampleSchema.None);

    string Refusal(string text, string name = "set.csv")
    {
        string path = folder.Write(name, text);
        string message = Assert.Throws<InvalidPayloadException>(() => Load(path)).Message;
        Assert.StartsWith($"File '{path}'", message, StringComparison.Ordinal);
        return message[$"File '{path}'".Length..];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Features_labels_and_clients_are_read(bool gzip)
    {
        byte[] text = System.Text.Encoding.UTF8.GetBytes(Good);
        var set = Load(folder.Write("set.csv", gzip ? TemporaryFolder.Gzip(text) : text));
        Assert.Equal([1.5f, -2, 30, 4, 5, 6], set.Features);
        Assert.Equal([1, 0, 1], set.Labels);
        Assert.Equal(["north", "so,uth", "north"], set.Clients!.Names);
        Assert.Equal([2], set.SampleShape);
        Assert.Equal((2, "set.csv"), (set.Classes, set.Name));
    }

    [Theory]
    [InlineData("", " is empty; its first line must name the columns.")]
    [InlineData("a,site,kind", " has no row after its header.")]
    [InlineData("a,site,sort\n1,n,0", " has no column 'kind'; it has a, site, sort.")]
    [InlineData("a,a,site,kind\n", ", line 1, column 2: a column's name must be unique and not empty, but 'a' is not.")]
    [InlineData("a,site,kind\n1,n,0\n\n1,n", ", line 4, column 3: the row has 2 fields, but the header has 3.")]
    [InlineData("a,site,kind\n1,n,0,5", ", line 2, column 4: the row has 4 fields, but the header has 3.")]
    [InlineData("a,site,kind\n1,n,0\nx,n,0", ", line 3, column 1: 'a' is 'x', which is not a finite number, as the cells before are.")]
    [InlineData("a,site,kind\nx,n,0\n3,n,1", ", line 3, column 1: 'a' is '3', which is a number, but the cells before are names; say "
        + "that all are, by naming the column in categories.")]
    [InlineData("a,site,kind\n1,5\" disk,0", ", line 2, column 2: a cell with a quote must stand in quotes, with the quote doubled.")]
    [InlineData("a,site,kind\n1e99,n,0", ", line 2, column 1: 'a' is '1e99', which is not a finite number.")]
    [InlineData("a,site,kind\n1,n,-1", ", line 2, column 3: 'kind' is '-1', which is not a class from 0 to 9999" + TableTests.Hint)]
    [InlineData("a,site,kind\n1, ,0", ", line 2, column 2: 'site' is empty, but every row needs its client.")]
    [InlineData("a,site,kind\n1,\"n,0\n", ", line 2, column 2: its opening quote has no closing quote.")]
    [InlineData("a,site,kind\n1,\"n\"o,0", ", line 2, column 2: after its closing quote stands 'o', where a separator must.")]
    [InlineData("site,kind\nn,0", " has no columns of features; it has site, kind.")]
    public void A_mistake_is_refused_with_its_place(string text, string message) => Assert.Equal(message, Refusal(text));

    [Fact]
    public void A_line_without_end_is_not_held() =>
        Assert.Equal(", line 1, column 1: the row is longer than 16777216 characters, or a closing quote is missing.",
            Refusal(new string('a', 20_000_000)));

    [Fact]
    public void A_cut_or_changed_file_gives_a_set_or_a_refusal() =>
        Gen.Select(Gen.Int[0, Good.Length - 1], Gen.Char[" \",\n\r1x"], Gen.Bool).Sample((place, character, cut) =>
    {
        using var own = new TemporaryFolder();
        string path = own.Write("set.csv", cut ? Good[..place] : Good[..place] + character + Good[(place + 1)..]);
        try
        {
            var set = Load(path);
            Assert.Equal(set.Count * set.SampleLength, set.Features.Length);
        }
        catch (InvalidPayloadException)
        {
        }
    }, iter: 2_000);

    [Theory]
    [InlineData("a;site;kind\n1,5;north;1\n2;\"a;b\";0\n")]
    [InlineData("a\tsite\tkind\r1.5\tnorth\t1\r2\ta;b\t0\r")]
    [InlineData("\"a\"|\"site\"|kind\n1.5|north|1\n2|a;b|0")]
    [InlineData("{\"a\":1.5,\"site\":\"north\",\"kind\":1}\n\n{\"kind\":0,\"a\":2,\"site\":\"a;b\"}\r\n", "set.jsonl")]
    [InlineData("{\"a\":\"1.5\",\"site\":\"north\",\"kind\":true}\n{\"kind\":\"False\",\"a\":2,\"site\":\"a;b\"}", "set.ndjson")]
    public void What_stands_between_cells_is_seen_in_the_header(string text, string name = "set.csv")
    {
        var set = Load(folder.Write(name, text));
        Assert.Equal([1.5f, 2], set.Features);
        Assert.Equal([1, 0], set.Labels);
        Assert.Equal(["north", "a;b"], set.Clients!.Names);
    }

    [Theory]
    [InlineData("{\"a\":1,\"site\":\"n\",\"kind\":0}\n{\"b\":1}", ", line 2, column 4: the key 'b' is none of the first line's: a, site, kind.")]
    [InlineData("{\"a\":1,\"site\":\"n\",\"kind\":0}\n{\"a\":1,\"a\":2}", ", line 2, column 1: the key 'a' stands here a second time.")]
    [InlineData("{\"a\":[1],\"site\":\"n\",\"kind\":0}", ", line 1, column 1: 'a' is an array, where a number, a text or a truth must be; "
        + "leave the column out, or write a column for each of its parts.")]
    [InlineData("{\"a\":1,\"site\":\"n\"}", " has no column 'kind'; it has a, site.")]
    [InlineData("{\"a\":1,\"site\":\"n\",\"kind\":0}\n{\"a\":2,\"site\":\"n\"}", ", line 2, column 3: 'kind' is empty, but every row needs its class.")]
    [InlineData("[1]", ", line 1, column 1: here must stand an object with the columns.")]
    [InlineData("{}", ", line 1, column 1: the first object must have keys, which name the columns.")]
    [InlineData("", " is empty; its first line must be an object with the columns.")]
    public void A_mistake_in_lines_of_JSON_is_refused_with_its_place(string text, string message) =>
        Assert.Equal(message, Refusal(text, "set.jsonl"));

    [Fact]
    public void A_line_that_is_no_JSON_is_refused_with_its_place() =>
        Assert.StartsWith(", line 2, character 6 is not valid JSON: ", Refusal("{\"a\":1,\"site\":\"n\",\"kind\":0}\n{\"a\":}", "set.jsonl"));
}

using CsCheck;
using Plume.Compression.Wire;

namespace Plume.Learning.Data.Tests;

public sealed class CsvSetTests : IDisposable
{
    const string Good = "width, \"he\"\"ight\" ,site,kind\r\n1.5,-2,north,1\r\n\r\n 3e1 ,\"4\",\"so,uth\",0\n5,6,north,1";

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    string Refusal(string text, int[]? shape = null)
    {
        string path = folder.Write("set.csv", text);
        string message = Assert.Throws<InvalidPayloadException>(() => CsvSet.Load(path, "kind", "site", shape)).Message;
        Assert.StartsWith($"File '{path}'", message, StringComparison.Ordinal);
        return message[$"File '{path}'".Length..];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Features_labels_and_clients_are_read(bool gzip)
    {
        byte[] text = System.Text.Encoding.UTF8.GetBytes(Good);
        var set = CsvSet.Load(folder.Write("set.csv", gzip ? TemporaryFolder.Gzip(text) : text), "kind", "site");
        Assert.Equal([1.5f, -2, 30, 4, 5, 6], set.Features);
        Assert.Equal([1, 0, 1], set.Labels);
        Assert.Equal(["north", "so,uth", "north"], set.Clients!.Names);
        Assert.Equal([2], set.SampleShape);
        Assert.Equal((2, "set.csv"), (set.Classes, set.Name));
    }

    [Fact]
    public void A_shape_and_the_number_of_classes_may_be_given()
    {
        var set = CsvSet.Load(folder.Write("set.csv", "a,b,c,d,kind\n1,2,3,4,0\n"), "kind", sampleShape: [1, 2, 2], classes: 7);
        Assert.Equal([1, 2, 2], set.SampleShape);
        Assert.Equal(7, set.Classes);
        Assert.Null(set.Clients);
        Assert.Throws<ArgumentOutOfRangeException>(() => CsvSet.Load("set.csv", "kind", classes: 0));
    }

    [Theory]
    [InlineData("", " is empty; its first line must name the columns.")]
    [InlineData("a,site,kind", " has no row after its header.")]
    [InlineData("a,site,sort\n1,n,0", " has no column 'kind'; it has a, site, sort.")]
    [InlineData("a,a,site,kind\n", ", line 1, column 2: a column's name must be unique and not empty, but 'a' is not.")]
    [InlineData("a,site,kind\n1,n,0\n\n1,n", ", line 4, column 3: the row has 2 fields, but the header has 3.")]
    [InlineData("a,site,kind\n1,n,0,5", ", line 2, column 4: the row has 4 fields, but the header has 3.")]
    [InlineData("a,site,kind\n1,n,0\nx,n,0", ", line 3, column 1: 'a' is 'x', which is not a finite number.")]
    [InlineData("a,site,kind\nNaN,n,0", ", line 2, column 1: 'a' is 'NaN', which is not a finite number.")]
    [InlineData("a,site,kind\n1e99,n,0", ", line 2, column 1: 'a' is '1e99', which is not a finite number.")]
    [InlineData("a,site,kind\n1,n,-1", ", line 2, column 3: 'kind' is '-1', which is not a class from 0 to 9999.")]
    [InlineData("a,site,kind\n1, ,0", ", line 2, column 2: 'site' is empty, but every row needs its client.")]
    [InlineData("a,site,kind\n1,\"n,0\n", ", line 2, column 2: its opening quote has no closing quote.")]
    [InlineData("a,site,kind\n1,\"n\"o,0", ", line 2, column 2: after its closing quote stands 'o', where a comma must.")]
    [InlineData("site,kind\nn,0", " has 0 columns of features, but a sample has the shape [0].")]
    public void A_mistake_is_refused_with_its_place(string text, string message) => Assert.Equal(message, Refusal(text));

    [Fact]
    public void Features_must_fill_the_shape() =>
        Assert.Equal(" has 2 columns of features, but a sample has the shape [2, 2].", Refusal("a,b,site,kind\n1,2,n,0", [2, 2]));

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
            var set = CsvSet.Load(path, "kind", "site");
            Assert.Equal(set.Count * set.SampleLength, set.Features.Length);
        }
        catch (InvalidPayloadException)
        {
        }
    }, iter: 2_000);
}

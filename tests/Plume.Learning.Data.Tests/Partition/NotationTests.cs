using CsCheck;

namespace Plume.Learning.Partition.Tests;

public sealed class NotationTests
{
    const string Known = "known are iid, dirichlet(alpha), shards(count), column(name), file(path)";

    static readonly Gen<Partition> Partitions = Gen.OneOf<Partition>(
        Gen.Const<Partition>(new Iid()),
        Gen.Double[1e-12, 1e6].Select(alpha => (Partition)new Dirichlet(alpha)),
        Gen.Int[1, 10_000].Select(count => (Partition)new Shards(count)),
        Gen.String[Gen.Char["ab(). é/"], 1, 12].Select(name => name.Trim()).Where(name => name.Length > 0)
            .Select(name => (Partition)new ByColumn(name)),
        Gen.String[Gen.Char["ab(). é/"], 1, 12].Select(name => name.Trim()).Where(name => name.Length > 0)
            .Select(name => (Partition)new FromFile(name)));

    [Fact]
    public void Parsing_what_is_printed_gives_an_equal_partition() =>
        Partitions.Sample(partition => Assert.Equal(partition, Partition.Parse(partition.ToString())));

    [Theory]
    [InlineData("iid", "iid")]
    [InlineData(" dirichlet ( 0.30 ) ", "dirichlet(0.3)")]
    [InlineData("shards(2)", "shards(2)")]
    [InlineData("column(site)", "column(site)")]
    [InlineData("file(a (1).json)", "file(a (1).json)")]
    public void A_partition_prints_its_shortest_text(string text, string printed) =>
        Assert.Equal(printed, Partition.Parse(text).ToString());

    [Theory]
    [InlineData("", "column 1: a partition is missing; " + Known)]
    [InlineData(" dirichelt(0.3)", "column 2: 'dirichelt' is not a partition; " + Known)]
    [InlineData("iid(3)", "column 4: 'iid' takes no argument")]
    [InlineData("dirichlet", "column 10: 'dirichlet' needs its alpha in brackets, a number above 0 and at most 1000000")]
    [InlineData("dirichlet(0.3", "column 14: the alpha of 'dirichlet' needs a closing ')'")]
    [InlineData("dirichlet( 0 )", "column 12: '0' must be the alpha of 'dirichlet', a number above 0 and at most 1000000")]
    [InlineData("dirichlet(NaN)", "column 11: 'NaN' must be the alpha of 'dirichlet', a number above 0 and at most 1000000")]
    [InlineData("shards(1.5)", "column 8: '1.5' must be the count of 'shards', a whole number from 1 to 10000")]
    [InlineData("column( )", "column 9: '' must be the name of 'column', the name of a column")]
    [InlineData("file()", "column 6: '' must be the path of 'file', the path of a JSON file")]
    public void A_mistake_is_refused_with_its_column(string text, string problem) =>
        Assert.Equal($"Partition '{text}', {problem}.", Assert.Throws<FormatException>(() => Partition.Parse(text)).Message);

    [Fact]
    public void What_the_text_cannot_carry_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new FromFile(" split.json"));
        Assert.Throws<ArgumentException>(() => new ByColumn(""));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Shards(0));
    }
}

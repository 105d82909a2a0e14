using Parquet;
using Parquet.Schema;
using Plume.Compression.Wire;
using Plume.Learning.Data.Tables;
using Plume.Models.Graph;

namespace Plume.Learning.Data.Tests;

/// <summary>What cells become: names, empty cells, rows for measuring, and what is learned of rows before a model is.</summary>
public sealed class ColumnTests : IDisposable
{
    const string Text = "age,color,kind,part\n2,red,0,a\n4,blue,1,a\n,green,0,b\n6,,1,b\n100,red,0,test\n";

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    string Written(string text = Text) => folder.Write("t.csv", text);

    static TableTerms Terms => new("kind") { LeftOut = ["part"] };

    [Fact]
    public void Names_become_a_value_each_and_empty_cells_their_columns_mean()
    {
        var table = Table.Read(Written(), Terms);
        var schema = table.Summarize([0, 1]).Schema(fills: true);
        Assert.Equal(["blue", "red"], schema.Categories![1]);
        Assert.Equal([3f, 0], schema.Fill!);
        Assert.Equal(3, schema.Length);
        var set = table.ToSet(schema);
        Assert.Equal([2, 0, 1, 4, 1, 0, 3, 0, 0, 6, 0, 0, 100, 0, 1], set.Features);
        Assert.Equal(
            [
                "1 empty cells of 'age' take the column's mean, 3.",
                "1 empty cells of 'color' are none of its names.",
                "1 cells of 'color' have names that were not in the training rows; they are none of its 2 names: green.",
            ], set.Remarks);
        Assert.EndsWith("line 4, column 1: 'age' is empty, where a value must be; fill it in, leave the row out, or let empty cells take "
            + "the column's mean: --missing mean, or data.missing of an experiment.", Assert.Throws<InvalidPayloadException>(() =>
            table.ToSet(table.Summarize([0, 1]).Schema())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_are_normalized_and_names_are_not()
    {
        var table = Table.Read(Written(), Terms);
        var set = table.ToSet(table.Summarize([0, 1, 3]).Schema(isNormalized: true, fills: true));
        float deviation = (float)Math.Sqrt(8.0 / 3);
        Assert.Equal([-2 / deviation, 0, 1], set[0].ToArray());
        Assert.Equal([0f, 0, 0], set[2].ToArray());
        Assert.Equal(new Normalization([4, 0, 0], [deviation, 1, 1]), set.Schema.Normalization);
    }

    [Fact]
    public void A_model_carries_its_names_and_takes_tables_by_them()
    {
        var schema = Table.Read(Written(), Terms).Summarize([0, 1, 2]).Schema(isNormalized: true, fills: true);
        var graph = schema.AddTo(new ModelGraph("g", [new ValueInfo("x", ElementType.Float, ["N", 4])],
            [new ValueInfo("y", ElementType.Float, ["N", 2])], [new Node("fc", "MatMul", ["x", "w"], ["y"])],
            [Initializer.Of("w", [4, 2], new float[8])]));
        Assert.Equal(schema, SampleSchema.Of(graph));
        Assert.Equal("[[],[\"blue\",\"green\",\"red\"]]", graph.Metadata["plume.categories"]);
        var own = Table.Read(Written("kind,color,age\n1,7,3\n0,red,3\n"), Terms, SampleSchema.Of(graph)).ToSet(SampleSchema.Of(graph));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 1], own.Features);
        Assert.Null(schema.Difference(own.Schema));
        Assert.NotNull(schema.Difference(schema with { Categories = [[], ["blue", "red", "white"]] }));
    }

    [Fact]
    public void Numbers_are_names_where_the_terms_say_so()
    {
        var terms = Terms with { Categories = ["age"], LeftOut = ["part", "color"] };
        var table = Table.Read(Written(), terms);
        Assert.Equal(["100", "2", "4", "6"], table.Summarize([0, 1, 2, 3, 4]).Columns[0].Categories!);
        Assert.EndsWith("has no column 'colour'; it has age, color, kind, part.", Assert.Throws<InvalidPayloadException>(() =>
            Table.Read(Written(), Terms with { LeftOut = ["colour"] })).Message, StringComparison.Ordinal);
        string many = "a,kind\n" + string.Concat(Enumerable.Range(0, 1001).Select(i => $"n{i},{i % 2}\n"));
        Assert.EndsWith("line 1002, column 1: 'a' has more than 1000 different names; if it is no feature, leave the column out.",
            Assert.Throws<InvalidPayloadException>(() => Table.Read(Written(many), new TableTerms("kind"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Summaries_of_clients_merge_to_that_of_all_their_rows()
    {
        // Sums of squares of these would have lost the deviation: 1e9 squared has no room for 1.
        string rows = string.Concat(Enumerable.Range(0, 60).Select(i => $"{1_000_000_000 + 64 * (i % 3)},n{i % 7},{(i % 2 == 0 ? "no" : "yes")}\n"));
        var table = Table.Read(Written("a,b,kind\n" + rows), new TableTerms("kind"));
        int[] all = [.. Enumerable.Range(0, 60)];
        var (whole, merged) = (table.Summarize(all), table.Summarize(all.AsSpan(0, 5)).Merge(table.Summarize([]))
            .Merge(table.Summarize(all.AsSpan(5, 40))).Merge(table.Summarize(all.AsSpan(45))));
        Assert.Equal((60, 1_000_000_064.0, 64 * 64 * 40.0), (merged.Columns[0].Count, merged.Columns[0].Mean,
            merged.Columns[0].Deviations),
            (one, other) => one.Item1 == other.Item1 && Math.Abs(one.Item2 - other.Item2) < 1e-6
                && Math.Abs(one.Item3 - other.Item3) < 1e-3);
        Assert.Equal(whole.Columns[1].Categories, merged.Columns[1].Categories);
        Assert.Equal(["no", "yes"], merged.ClassNames!);
        var read = TableSummary.Read(merged.ToJson(), "s.json");
        Assert.Equal(merged.Schema(true, true), read.Schema(true, true));
        Assert.Contains("must have the same columns, but one has a, b, kind and another b, kind.",
            Assert.Throws<InvalidPayloadException>(() => merged.Merge(merged with { Columns = [merged.Columns[1]] })).Message,
            StringComparison.Ordinal);
        Assert.Contains("has names for some clients and numbers for others", Assert.Throws<InvalidPayloadException>(() =>
            merged.Columns[0].Merge(merged.Columns[1] with { Name = "a" })).Message, StringComparison.Ordinal);
        foreach (string wrong in (string[])["", "{}", "[]", merged.ToJson().Replace("\"deviations\": ", "\"deviations\": -", StringComparison.Ordinal)])
            Assert.Throws<InvalidPayloadException>(() => TableSummary.Read(wrong, "s.json"));
    }

    [Theory]
    [InlineData("share(20%)")]
    [InlineData("share(12.5%)")]
    [InlineData("file(a b/test.csv)")]
    [InlineData("column(split=test)")]
    public void A_notation_of_test_rows_reads_and_prints(string text) => Assert.Equal(text, TestRows.Parse($" {text} ").ToString());

    [Theory]
    [InlineData("share(0%)")]
    [InlineData("share(100%)")]
    [InlineData("share(0.2)")]
    [InlineData("file()")]
    [InlineData("column(split)")]
    [InlineData("20%")]
    public void What_is_no_notation_of_test_rows_is_refused(string text) =>
        Assert.StartsWith($"Test rows '{text}' must be ", Assert.Throws<FormatException>(() => TestRows.Parse(text)).Message);

    [Fact]
    public void Nothing_is_learned_of_the_rows_that_are_kept_for_measuring()
    {
        var split = SplitTable.Read(Written(), new TableTerms("kind"), TestRows.Parse("column(part=test)"), Some.Key());
        var (train, test) = split.Sets(split.Summarize([[0, 3], [1]]).Schema(isNormalized: true, fills: true));
        Assert.Equal((4, 1), (train.Count, test.Count));
        Assert.Equal(4, train.Schema.Fill![0]);
        Assert.Equal(["blue", "red"], train.Schema.Categories![1]);
        Assert.Equal([0, 1, 0, 1], split.Unseen.Labels);
        Assert.Contains("it has a, b, test.", Assert.Throws<InvalidPayloadException>(() =>
            SplitTable.Read(Written(), new TableTerms("kind"), TestRows.Parse("column(part=c)"), Some.Key())).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_for_measuring_may_be_in_a_file_with_other_columns_and_an_order_of_its_own()
    {
        string test = folder.Write("test.csv", "kind;name;color;age\n1;Ann;blue;7\n0;Bob;pink;8,5\n");
        var split = SplitTable.Read(Written(), Terms, new TestFile(test), Some.Key());
        var (train, measured) = split.Sets(split.Summarize().Schema(fills: true));
        Assert.Equal((5, 2), (train.Count, measured.Count));
        Assert.Equal([7, 1, 0, 0, 8.5f, 0, 0, 0], measured.Features);
        Assert.Equal([1, 0], measured.Labels);
        Assert.Equal(3, measured.Remarks.Count);
    }

    [Fact]
    public void A_share_for_measuring_is_drawn_from_the_seed()
    {
        string path = Written("a,kind\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{i},{i % 2}\n")));
        float[] Drawn(ulong seed) => SplitTable.Read(path, new TableTerms("kind"), TestRows.Parse("share(25%)"), Some.Key(seed))
            .Sets(SampleSchema.None).Test.Features;
        Assert.Equal(10, Drawn(1).Length);
        Assert.Equal(Drawn(1), Drawn(1));
        Assert.NotEqual(Drawn(1), Drawn(2));
    }

    [Fact]
    public async Task A_Parquet_file_says_what_the_same_table_says_as_text()
    {
        string path = await Parquet(new ParquetSchema(new DataField<double>("age"), new DataField<string>("color"), new DataField<long?>("kind"),
            new DataField<bool>("is"), new DataField<float?>("dose"), new DataField<int[]>("list")));
        string text = folder.Write("t.csv", "age,color,kind,is,dose\n2,red,0,True,1\n4,blue,1,False,\n");
        var terms = new TableTerms("kind");
        var expected = Table.Read(text, terms);
        var table = Table.Read(path, terms with { LeftOut = ["list"] });
        Assert.Equal(expected.Summarize([0, 1]).ToJson(), table.Summarize([0, 1]).ToJson());
        Assert.Equal(expected.ToSet(expected.Summarize([0]).Schema(fills: true)).Features,
            table.ToSet(table.Summarize([0]).Schema(fills: true)).Features);
        Assert.EndsWith("row 1, column 6: 'list' has columns or lists inside, where numbers, texts or truths must be; leave the column "
            + "out, or write flat ones.", Assert.Throws<InvalidPayloadException>(() => Table.Read(path, terms)).Message,
            StringComparison.Ordinal);
        Assert.EndsWith("row 2, column 5: 'dose' is empty, but every row needs its class.", Assert.Throws<InvalidPayloadException>(() =>
            Table.Read(path, new TableTerms("dose") { LeftOut = ["list"] })).Message, StringComparison.Ordinal);

        byte[] bytes = File.ReadAllBytes(path);
        for (int at = 0; at < bytes.Length; at += 3)
        {
            byte[] damaged = [.. bytes];
            damaged[at] ^= 0x55;
            foreach (byte[] wrong in (byte[][])[damaged, bytes[..at]])
            {
                try
                {
                    Table.Read(folder.Write("wrong.parquet", wrong), terms with { LeftOut = ["list"] });
                }
                catch (InvalidPayloadException)
                {
                }
            }
        }
    }

    async Task<string> Parquet(ParquetSchema schema)
    {
        string path = Path.Combine(folder.Path, "t.parquet");
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(schema, file,
            cancellationToken: TestContext.Current.CancellationToken);
        for (int row = 0; row < 2; row++)
        {
            using var group = writer.CreateRowGroup();
            var fields = schema.DataFields;
            await group.WriteAsync<double>(fields[0], new double[] { 2 + 2 * row });
            await group.WriteAsync(fields[1], [row == 0 ? "red" : "blue"]);
            await group.WriteAsync<long>(fields[2], new long?[] { row });
            await group.WriteAsync<bool>(fields[3], new bool[] { row == 0 });
            await group.WriteAsync<float>(fields[4], new float?[] { row == 0 ? 1f : null });
            await group.WriteAsync<int>(fields[5], new int[] { 7, 8 }, new int[] { 0, 1 });
        }

        return path;
    }
}

using Plume.Compression.Wire;
using Plume.Learning.Data.Tables;
using Plume.Models.Graph;

namespace Plume.Learning.Data.Tests;

/// <summary>Tables as people have them, and as a model that was trained on another table wants them.</summary>
public sealed class TableTests : IDisposable
{
    internal const string Hint = "; if it is a number to predict, name the column with --target, or data.target of an experiment.";

    static readonly SampleSchema Model = new() { Columns = ["dose", "age"], Classes = ["low", "mid", "top"] };

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    LabeledSet Load(string text, SampleSchema? schema = null, int? classes = null) =>
        Table.Read(folder.Write("t.csv", text), new TableTerms("kind"), schema, classes).ToSet(schema ?? SampleSchema.None);

    static LabeledSet LoadFile(string path) => Table.Read(path, new TableTerms("kind")).ToSet(SampleSchema.None);

    string Refusal(string text, SampleSchema? schema = null, int? classes = null) =>
        Assert.Throws<InvalidPayloadException>(() => Load(text, schema, classes)).Message;

    [Theory]
    [InlineData("dose,age,kind\n1,40,mid\n2,50,low\n")]
    [InlineData("age,dose,kind\n40,1,mid\n50,2,low\n")]
    [InlineData("kind,age,name,dose\nmid,40,Ann,1\nlow,50,Bob,2\n")]
    [InlineData(",kind,dose,age\n0,mid,1,40\n7,low,2,50\n")]
    [InlineData("Unnamed: 0.1,Unnamed: 0,kind,dose,age\n0,0,mid,1,40\n1,1,low,2,50\n")]
    [InlineData("\uFEFFdose,age,kind\r1,40,mid\r2,50,low")]
    [InlineData("dose,age,kind,note\r\n1,40,mid,\"a\r\nlong, \"\"story\"\"\"\r\n2,50,low,\r\n")]
    public void Columns_and_classes_are_the_models_whatever_their_order_in_the_file(string text)
    {
        var set = Load(text, Model);
        Assert.Equal([1f, 40, 2, 50], set.Features);
        Assert.Equal([1, 0], set.Labels);
        Assert.Equal((3, Model), (set.Classes, set.Schema));
    }

    [Fact]
    public void Columns_that_are_left_out_are_named()
    {
        Assert.Equal(["Left out: name, site, which the model does not take."],
            Load("name,dose,age,site,kind\nx,1,2,y,low\n", Model).Remarks);
        Assert.Equal(["Left out: the first column, with no name: row numbers, not a feature. Name it if it is one."],
            Load(",a,kind\n5,1,0\n").Remarks);
        Assert.Empty(Load("Unnamed: 3,a,kind\n5,1,0\n", new SampleSchema { Columns = ["a", "Unnamed: 3"] }).Remarks);
    }

    [Fact]
    public void Columns_that_are_missing_are_named() =>
        Assert.EndsWith("lacks a column that the model takes: age. The file has dose, Age, kind.",
            Refusal("dose,Age,kind\n1,2,low\n", Model));

    [Fact]
    public void Values_are_normalized_as_the_model_says()
    {
        var schema = Model with { Normalization = new Normalization([1, 40], [2, 10]) };
        Assert.Equal([0f, 1, 1, 0], Load("age,dose,kind\n50,1,low\n40,3,top\n", schema).Features);
    }

    [Theory]
    [InlineData("0,1,1", "0,1,1")]
    [InlineData("0.0,1.0,2.0", "0,1,2")]
    [InlineData("False,True,False", "0,1,0")]
    [InlineData("true,FALSE,1", "1,0,1")]
    [InlineData("malignant,benign,malignant", "1,0,1")]
    [InlineData("b,B,a", "2,0,1")]
    public void Labels_are_numbers_truths_or_names_in_ordinal_order(string labels, string classes) =>
        Assert.Equal(classes, string.Join(',',
            Load("a,kind\n" + string.Concat(labels.Split(',').Select(label => $"1,{label}\n"))).Labels));

    [Fact]
    public void Names_become_the_schemas_and_are_told()
    {
        var set = Load("a,kind\n1,sick\n2,\"not, sick\"\n3,sick\n");
        Assert.Equal(["not, sick", "sick"], set.Schema.Classes!);
        Assert.Equal(["Classes by name: not, sick = 0, sick = 1."], set.Remarks);
        Assert.Equal(["a"], set.Schema.Columns!);
        Assert.Null(Load("a,kind\n1,0\n").Schema.Classes);
    }

    [Theory]
    [InlineData("no,yes", "True,False,1,0.0", "1,0,1,0", false)]
    [InlineData("0,1", "True,False,1.0", "1,0,1", true)]
    [InlineData("False,True", "1,0,True,true", "1,0,1,1", true)]
    [InlineData("5,7,9", "9,5,7.0", "2,0,1", true)]
    public void A_label_means_the_class_of_the_same_name_number_or_truth(string names, string labels, string classes,
        bool isKnown)
    {
        string text = "a,kind\n" + string.Concat(labels.Split(',').Select(label => $"1,{label}\n"));
        var schema = new SampleSchema { Classes = names.Split(',') };
        if (isKnown)
            Assert.Equal(classes, string.Join(',', Load(text, schema).Labels));
        else
            Assert.Contains($"line 2, column 2: 'kind' is 'True', which is none of the model's classes: "
                + $"{names.Replace(",", ", ", StringComparison.Ordinal)}.", Refusal(text, schema), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1,\n", null, "line 2, column 2: 'kind' is empty, but every row needs its class.")]
    [InlineData("1,?\n", null, "line 2, column 2: 'kind' is '?', but every row needs its class.")]
    [InlineData("1,0\n2,NaN\n", null, "line 3, column 2: 'kind' is 'NaN', but every row needs its class.")]
    [InlineData("1,0\n,0\n", null, "line 3, column 1: 'a' is empty, where a value must be; fill it in, leave the row out, or let empty cells "
        + "take the column's mean: --missing mean, or data.missing of an experiment.")]
    [InlineData("?,0\n2,1\n", null, "line 2, column 1: 'a' is '?', where a value must be; fill it in, leave the row out, or let empty cells "
        + "take the column's mean: --missing mean, or data.missing of an experiment.")]
    [InlineData("?,0\n,1\n", null, "Column 'a' of 't.csv' is empty in all rows; leave it out.")]
    [InlineData("1,0\n2,x\n", null, "line 3, column 2: 'kind' is 'x', which is no number, as the rows before have.")]
    [InlineData("1,x\n2,0\n", null, "line 3, column 2: 'kind' is '0', which is a number, but the rows before have names.")]
    [InlineData("1,0.5\n", null, "line 2, column 2: 'kind' is '0.5', which is not a class from 0 to 9999" + Hint)]
    [InlineData("1,4\n2,5\n", 5, "line 3, column 2: 'kind' is '5', which is not a class from 0 to 4.")]
    [InlineData("1,x\n2,y\n", 3,
        "has 2 names in 'kind' (x, y), but the model tells 3 classes apart and does not name them. Write the classes as "
            + "numbers from 0.")]
    public void What_is_no_class_or_no_number_is_refused_with_its_place(string rows, int? classes, string message) =>
        Assert.EndsWith(message, Refusal("a,kind\n" + rows, classes: classes), StringComparison.Ordinal);

    [Fact]
    public void A_message_never_shows_a_file_at_length()
    {
        string wide = string.Join(',', Enumerable.Range(0, 5000).Select(i => $"column number {i}"));
        foreach (string text in new[] { wide + "\n1\n", new string('x', 100_000) + "\n",
            $"a,kind\n1,0\n{new string('1', 100_000)}x,0\n", $"a,kind\n{new string('n', 100_000)},0\n", $"a,kind\n1,\"{new string('y', 100_000)}\n", $"{wide},kind\n" })
            Assert.InRange(Refusal(text).Length, 1, 1000);
        Assert.InRange(Refusal($"{wide},kind\n", Model).Length, 1, 1000);
    }

    [Fact]
    public void Members_of_a_gzip_file_are_read_one_after_another()
    {
        // As cat writes them, with an empty one as bgzip's end, members longer than a piece, and one with all that a header may
        // have.
        string rows = string.Concat(Enumerable.Range(0, 3000).Select(i => $"{Math.Sin(i)},{i % 2}\n"));
        byte[] packed = [.. TemporaryFolder.Gzip("a,kind\n"u8),
            .. WithHeader(TemporaryFolder.Gzip(System.Text.Encoding.UTF8.GetBytes(rows))), .. TemporaryFolder.Gzip("1,"u8),
            .. Empty, .. TemporaryFolder.Gzip("0\n"u8), .. Empty];
        var set = LoadFile(folder.Write("t.csv.gz", packed));
        Assert.Equal(3001, set.Count);
        Assert.Equal((float)Math.Sin(2999), set.Features[2999], 1e-6f);
    }

    [Fact]
    public void A_gzip_file_of_members_that_is_cut_or_goes_on_with_something_else_is_refused()
    {
        byte[] first = TemporaryFolder.Gzip("a,kind\n"u8), packed = [.. first, .. TemporaryFolder.Gzip("1,0\n2,1\n"u8)];
        for (int length = first.Length + 1; length < packed.Length; length++)
            Assert.Throws<InvalidPayloadException>(() => LoadFile(folder.Write("cut.gz", packed.AsSpan(0, length))));
        string garbage = Assert.Throws<InvalidPayloadException>(() =>
            LoadFile(folder.Write("more.gz", [.. packed, .. "1,1\n"u8]))).Message;
        Assert.EndsWith($"at byte {packed.Length}, after a whole member, stands something else. Remove it, or fetch the file "
            + $"again.", garbage, StringComparison.Ordinal);
        for (int bit = 8 * first.Length; bit < 8 * packed.Length; bit++)
        {
            byte[] flipped = [.. packed];
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            try
            {
                Assert.Equal([1f, 2], LoadFile(folder.Write("flipped.gz", flipped)).Features);
            }
            catch (InvalidPayloadException)
            {
            }
        }
    }

    [Fact]
    public void A_constant_column_is_normalized_to_zero_and_others_to_mean_0_and_deviation_1()
    {
        var table = Table.Read(folder.Write("t.csv", "a,b,c,kind\n5,0.1,1e38,0\n1,0.1,-1e38,1\n"), new TableTerms("kind"));
        var normalized = table.ToSet(table.Summarize([0, 1]).Schema(isNormalized: true));
        Assert.Equal([1f, 0, 1, -1, 0, -1], normalized.Features, (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Throws<ArgumentException>(() => normalized.Normalized(Normalization.Of(0, 1)));
    }

    [Fact]
    public void A_model_carries_its_schema_and_keeps_its_own()
    {
        var schema = Model with { Normalization = new Normalization([0.1f, -3], [1e-20f, 7]) };
        var graph = schema.AddTo(Graph());
        Assert.Equal(schema, SampleSchema.Of(graph));
        Assert.Equal(schema, SampleSchema.Of(new SampleSchema { Columns = ["x", "y"] }.AddTo(graph)));
        Assert.Equal(SampleSchema.None, SampleSchema.Of(Graph()));
        Assert.Equal("[\"dose\",\"age\"]", graph.Metadata["plume.columns"]);
    }

    [Theory]
    [InlineData("plume.columns", "[\"a\"]", "names 1 columns, but its input has 2 values a sample")]
    [InlineData("plume.columns", "[\"a\",\"a\"]", "must have names, each once and none empty")]
    [InlineData("plume.columns", "{}", "must be an array of Strings")]
    [InlineData("plume.classes", "[\"a\",\"b\"]", "names 2 classes, but its output tells 3 apart")]
    [InlineData("plume.classes", "[1]", "must be an array of Strings")]
    [InlineData("plume.classes", "nonsense", "is not valid JSON")]
    [InlineData("plume.categories", "[[],[1]]", "is not valid JSON")]
    [InlineData("plume.categories", "[[],[\"a\",\"a\"]]", "must have lists of names, each once and none empty")]
    [InlineData("plume.fill", "[1e99]", "must have finite numbers")]
    [InlineData("plume.mean", "[1]", "that do not go together")]
    [InlineData("plume.mean", "[1e99]", "that do not go together")]
    public void A_schema_that_does_not_fit_its_model_is_refused(string key, string text, string message) =>
        Assert.Contains(message,
            Assert.Throws<InvalidPayloadException>(() => SampleSchema.Of(Graph().WithMetadata([new(key, text)]))).Message,
            StringComparison.Ordinal);

    static ModelGraph Graph() =>
        new("g", [new ValueInfo("x", ElementType.Float, ["N", 2])], [new ValueInfo("y", ElementType.Float, ["N", 3])],
        [new Node("fc", "MatMul", ["x", "w"], ["y"])], [Initializer.Of("w", [2, 3], new float[6])]);

    static byte[] Empty => [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    // The same member with an extra field, a name, a comment and room for a checksum of the header.
    static byte[] WithHeader(byte[] member) =>
        [0x1F, 0x8B, 8, 4 | 8 | 16 | 2, .. member[4..10], 2, 0, 1, 2, .. "name\0"u8, .. "comment\0"u8, 9, 9, .. member[10..]];
}

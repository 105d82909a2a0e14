using Plume.Cli.Errors;
using Plume.Cli.Terminal;
using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Learning.Data.Images;
using Plume.Learning.Data.Tables;
using Plume.Models.Graph;

namespace Plume.Cli.Setup.Sources;

/// <summary>How a table is read, wherever one is named: which columns are what, which rows are kept for measuring, what becomes
/// of cells.</summary>
/// <param name="Terms">Which columns are what.</param>
sealed record TableUse(TableTerms Terms)
{
    // Fewer values are hardly pixels.
    const int LeastSide = 8;

    // Beyond this, steps that fit one column are much too large or too small for another.
    const double MuchLarger = 100;

    /// <summary>What the endings of a table's file may be.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".CSV", ".TSV", ".TXT", ".GZ", ".PARQUET", ".JSONL", ".NDJSON"];

    /// <summary>Which rows are kept for measuring.</summary>
    public TestRows Test { get; init; } = TestRows.Default;

    /// <summary>
    /// Whether columns of numbers are normalized to mean 0 and deviation 1; where a model says how, it decides.
    /// </summary>
    public bool IsNormalized { get; init; }

    /// <summary>Whether empty cells take their column's mean; where a model says so, it decides.</summary>
    public bool FillsEmpty { get; init; }

    /// <summary>What all clients' rows are summarized to; null to learn it of this table's rows.</summary>
    public TableSummary? Summary { get; init; }

    /// <summary>Shape of a sample; null for a flat row of values, or the model's.</summary>
    public IReadOnlyList<int>? Shape { get; init; }

    /// <summary>
    /// Whether a built-in model will take them that wants pictures: rows of as many values as a square of pixels are some.
    /// </summary>
    public bool WantsPictures { get; init; }

    /// <summary>All rows of a table, as a model sees them.</summary>
    public LabeledSet ReadAll(string path, ModelGraph? graph)
    {
        var given = Given(graph);
        var table = Table.Read(path, Terms, given, Classes(graph, given));
        int[] rows = [.. Enumerable.Range(0, table.Count)];
        return Shaped(Told(path, table.ToSet(given?.Columns is null ? SchemaOf(table.Summarize(rows), given) : given)), graph);
    }

    /// <summary>A table's rows in two, which learn nothing of one another.</summary>
    /// <param name="path">The file.</param>
    /// <param name="graph">The model that will take the samples, or null.</param>
    /// <param name="key">Where a share is drawn from.</param>
    public SplitTable Split(string path, ModelGraph? graph, RandomKey key)
    {
        if (Test is TestFile file && !File.Exists(file.Path))
            throw new CliException(ExitCode.Input, $"The test rows are in '{file.Path}', which does not exist.");
        var given = Given(graph);
        return SplitTable.Read(path, Terms, Test, key, given, Classes(graph, given));
    }

    /// <summary>Both parts, as a model sees them.</summary>
    /// <param name="path">The file, for remarks.</param>
    /// <param name="split">The table.</param>
    /// <param name="learned">What was learned of rows to learn from; asked where neither a model nor a summary says.</param>
    /// <param name="graph">The model that will take the samples, or null.</param>
    /// <param name="normalize">What to write to have columns normalized, for a hint.</param>
    public (LabeledSet Train, LabeledSet Test) Sets(string path, SplitTable split, Func<TableSummary> learned, ModelGraph? graph,
        string normalize)
    {
        var given = Given(graph);
        if (given?.Columns is null)
        {
            var summary = learned();
            given = SchemaOf(summary, given);
            if (given.Normalization is null)
                TellSizes(path, summary, normalize);
        }

        var (train, test) = split.Sets(given);
        Told(path, train);
        if (Test is TestFile file)
            Told(file.Path, test);
        var shaped = Shaped(train, graph);
        if (Shape is null && graph is null && shaped.SampleShape.Count > train.SampleShape.Count)
            Tell.Note($"{Path.GetFileName(path)}: Rows are taken as pictures of {string.Join('x', shaped.SampleShape)}; --shape (data.shape) says another.");
        return (shaped, Shaped(test, graph));
    }

    /// <summary>Pictures in two parts.</summary>
    /// <exception cref="ArgumentException">A shape or a choice of rows is not one of pictures.</exception>
    public (LabeledSet Train, LabeledSet Test) Images(string folder, ModelGraph? graph, RandomKey key)
    {
        var schema = graph is null ? null : SampleSchema.Of(graph);
        return ImageFolder.Load(folder, Test, key, Shape ?? ShapeOf(graph), schema, Classes(graph, schema));
    }

    /// <summary>All pictures to learn from.</summary>
    /// <exception cref="ArgumentException">A shape is not one of pictures.</exception>
    public LabeledSet AllImages(string folder, ModelGraph? graph)
    {
        var schema = graph is null ? null : SampleSchema.Of(graph);
        return ImageFolder.LoadAll(folder, Shape ?? ShapeOf(graph), schema, Classes(graph, schema));
    }

    static IReadOnlyList<int>? ShapeOf(ModelGraph? graph) => graph?.Inputs[0] is { HasShape: true } input
        && input.Shape.Skip(1).All(length => length.IsFixed) ? [.. input.Shape.Skip(1).Select(length =>
            (int)length.Length)] : null;

    SampleSchema? Given(ModelGraph? graph) => graph is not null ? SampleSchema.Of(graph) : Summary?.Schema(IsNormalized,
        FillsEmpty);

    int? Classes(ModelGraph? graph, SampleSchema? given) => given?.Classes is not null ? null
        : graph is null ? Summary?.Classes : SampleSchema.ClassesOf(graph);

    // A model without names of columns may still say how values are normalized.
    SampleSchema SchemaOf(TableSummary learned, SampleSchema? given)
    {
        if (given is null)
            return learned.Schema(IsNormalized, FillsEmpty);
        var plain = learned.Schema();
        return plain with { Normalization = given.Normalization, Target = given.Target ?? plain.Target };
    }

    /// <summary>Samples in the shape that was asked for, or that a model takes.</summary>
    public LabeledSet Shaped(LabeledSet flat, ModelGraph? graph)
    {
        if (Shape is not null)
        {
            try
            {
                return flat.Shaped(Shape);
            }
            catch (ArgumentException misfit)
            {
                throw new CliException(ExitCode.Input, InputErrors.Sentence(misfit), misfit);
            }
        }

        if (graph is null && WantsPictures && SquareOf(flat) is { } square)
            return flat.Shaped(square);
        return ShapeOf(graph) is { } shape && shape.Aggregate(1L, (product, length) =>
            product * length) == flat.SampleLength ? flat.Shaped(shape) : flat;
    }

    // Rows of numbers alone, as many as a square picture has: 28 x 28 grey, or 32 x 32 in three colours.
    static int[]? SquareOf(LabeledSet flat)
    {
        if (flat.SampleShape.Count != 1 || flat.Schema.Categories is not null)
            return null;
        foreach (int channels in (int[])[1, 3])
        {
            int side = (int)Math.Sqrt(flat.SampleLength / channels);
            if (side >= LeastSide && channels * side * side == flat.SampleLength)
                return [channels, side, side];
        }

        return null;
    }

    static LabeledSet Told(string path, LabeledSet set)
    {
        foreach (string remark in set.Remarks)
            Tell.Note($"{Path.GetFileName(path)}: {remark}");
        return set;
    }

    static void TellSizes(string path, TableSummary summary, string normalize)
    {
        var sizes = summary.Columns.Append(summary.Target).OfType<ColumnSummary>()
            .Where(column => column is { Categories: null, IsEmpty: false })
            .Select(column => (column.Name, Size: Math.Abs(column.Mean) + column.Scale)).ToList();
        if (sizes.Count > 0 && sizes.MaxBy(column => column.Size) is { Size: > MuchLarger } largest)
            Tell.Note($"{Path.GetFileName(path)}: '{largest.Name}' has values about {largest.Size:0.##}, with which training may learn "
                + $"nothing: normalize columns with {normalize}.");
    }
}

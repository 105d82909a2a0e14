using Plume.Compression.Wire;
using Plume.Compression.Wording;
using Plume.Learning.Data.Tables.Files;

namespace Plume.Learning.Data.Tables;

/// <summary>
/// A table with a header, read into memory: CSV (commas, semicolons, tabs or bars; gzipped or not), Parquet or JSON lines. One
/// column holds the class, or the number to predict, perhaps one the client that owns the row; all others are features, in their
/// order or, where a model names its columns, in the model's. What a model sees of them a <see cref="SampleSchema"/> says.
/// </summary>
public sealed class Table
{
    readonly IReadOnlyList<FeatureColumn> columns;
    readonly FeatureColumn? target;
    readonly int[] labels;
    readonly IReadOnlyList<string>? owners;
    readonly int classes;
    readonly TableTerms terms;
    readonly List<string> remarks = [];

    Table(string name, TableTerms terms, IReadOnlyList<FeatureColumn> columns, LabelColumn? labels, FeatureColumn? target,
        IReadOnlyList<string>? owners, IReadOnlyList<string>? splits)
    {
        (Name, this.terms, this.columns, this.target, this.owners, Splits) = (name, terms, columns, target, owners, splits);
        (classes, ClassNames) = labels?.Finish() ?? (1, null);
        this.labels = labels?.Classes ?? new int[target!.Numbers.Count];
        if (columns.FirstOrDefault(column => column.IsNames is null) is { } empty)
            throw new InvalidPayloadException(
                $"Column '{Printable.Name(empty.Name)}' of '{name}' is empty in all rows; leave it out.");
    }

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>Number of rows.</summary>
    public int Count => labels.Length;

    /// <summary>Number of classes; 1 where rows have a number to predict.</summary>
    public int Classes => classes;

    /// <summary>The names of the classes; null where they are numbers.</summary>
    public IReadOnlyList<string>? ClassNames { get; }

    /// <summary>For each row what says whether it is for testing; null where no column does.</summary>
    internal IReadOnlyList<string>? Splits { get; }

    /// <summary>Reads a file; what its cells become is settled later, by <see cref="ToSet"/>.</summary>
    /// <param name="path">The file; .parquet, .jsonl or .ndjson say what it is, all else is separated text.</param>
    /// <param name="terms">Which columns are what.</param>
    /// <param name="schema">
    /// What the model takes: columns are found by their names, whatever their order, others are left out with a remark; labels
    /// are its classes. Null to take all columns.
    /// </param>
    /// <param name="classes">Number of classes, or null for those that the schema names, or else the largest number that occurs
    /// and those below it.</param>
    /// <param name="split">The column that says which rows are for testing, or null.</param>
    /// <exception cref="InvalidPayloadException">
    /// The file lacks a column or breaks a rule; the message has file, line and column.
    /// </exception>
    public static Table Read(string path, TableTerms terms, SampleSchema? schema = null, int? classes = null,
        string? split = null)
    {
        ArgumentNullException.ThrowIfNull(terms);
        if (classes is < 1 or > LabelColumn.MostClasses)
            throw new ArgumentOutOfRangeException(nameof(classes), classes, $"Classes must be in 1..{LabelColumn.MostClasses}.");
        if (schema?.Target is { } known && !terms.IsTarget)
            terms = terms with { IsTarget = true, Label = terms.Label == TableTerms.UsualLabel ? known.Name : terms.Label };
        using var rows = TableRows.Open(path);
        var places = TableColumns.Read(rows, terms, split, schema ?? SampleSchema.None);
        FeatureColumn[] features = [.. places.Features.Select((place, i) => new FeatureColumn(rows, place, KindOf(place, i))
        {
            HasNumbers = KindOf(place, i) == true,
        })];
        var labels = terms.IsTarget ? null : new LabelColumn(rows, places, classes, schema?.Classes);
        var target = terms.IsTarget ? new FeatureColumn(rows, places.Label, isNames: false) : null;
        var owners = new NameColumn(rows, places.Client, "its client");
        var splits = new NameColumn(rows, places.Split, "to say whether it is for testing");
        while (rows.Next())
        {
            CheckCount(rows);
            foreach (var feature in features)
                feature.Add();
            labels?.Add();
            target?.Add();
            owners.Add();
            splits.Add();
        }

        CheckTarget(rows, target);
        var table = new Table(Path.GetFileName(path), terms, features, labels, target, owners.Names, splits.Names);
        table.remarks.AddRange([.. places.Remarks, .. labels?.Remarks ?? [],
            .. features.Append(target).OfType<FeatureColumn>().Where(feature => feature.Commas > 0).Select(feature =>
            $"'{Printable.Name(feature.Name)}' has numbers with a decimal comma, which are read as such.")]);
        return table;

        bool? KindOf(int place, int feature) => schema?.Columns is not null ? schema.Categories?[feature].Count > 0
            : terms.Categories.Contains(rows.Header[place]) ? true : null;
    }

    static void CheckTarget(TableRows rows, FeatureColumn? target)
    {
        if (target?.Numbers.Count == 0)
            throw new InvalidPayloadException($"File '{rows.Path}' has no row after its header.");
        if (target?.FirstEmpty is { } empty)
            throw new InvalidPayloadException($"Every row needs the number to predict. {empty.Message.Split(", where a value must be")[0]}.", empty);
    }

    static void CheckCount(TableRows rows)
    {
        if (rows.Count == rows.Header.Count)
            return;
        // A quote that is not closed takes cells away; then it is the mistake.
        for (int index = 0; index < rows.Count; index++)
            _ = rows[index];
        throw rows.Error(Math.Min(rows.Count, rows.Header.Count),
            $"the row has {rows.Count} fields, but the header has {rows.Header.Count}");
    }

    /// <summary>
    /// What is learned of some rows before a model is: of numbers their mean and deviation, of names which there are.
    /// </summary>
    public TableSummary Summarize(ReadOnlySpan<int> rows)
    {
        var summaries = new List<ColumnSummary>();
        foreach (var column in columns)
            summaries.Add(ColumnSummary.Of(column, rows));
        return new TableSummary(terms.Label, summaries, ClassNames, classes)
        {
            Target = target is null ? null : ColumnSummary.Of(target, rows),
        };
    }

    /// <summary>All rows as a model sees them: see <see cref="SampleSchema"/>.</summary>
    /// <param name="schema">What a sample is; its columns are those that the table was read with.</param>
    /// <exception cref="InvalidPayloadException">A cell is empty, and the schema does not say what stands for it.</exception>
    public LabeledSet ToSet(SampleSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (schema.Columns is { } names && !names.SequenceEqual(columns.Select(column => column.Name)))
            throw new ArgumentException($"The schema is not of the columns that '{Name}' was read with.", nameof(schema));
        var known = schema.Columns is not null ? schema
            : Summarize([.. Enumerable.Range(0, Count)]).Schema() with { Normalization = schema.Normalization };
        int length = known.Length!.Value;
        var values = new float[(long)Count * length];
        var told = new List<string>(remarks);
        for (int column = 0, place = 0; column < columns.Count; column++)
        {
            var cells = new CellValues(columns[column], known, column);
            for (int row = 0; row < Count; row++)
                cells.Write(row, values.AsSpan(row * length + place, cells.Length));
            told.AddRange(cells.Remarks);
            place += cells.Length;
        }

        var predicted = target is null ? null : known.Target ?? new TargetColumn(terms.Label);
        var set = new LabeledSet(Name, values, [length], labels, classes)
        {
            Targets = target is null ? null : [.. target.Numbers.Select(predicted!.Apply)],
            Clients = owners is null ? null : new ClientColumn(terms.Client!, owners),
            Schema = known with { Classes = ClassNames, Target = predicted, Normalization = null },
            Remarks = told,
        };
        return known.Normalization is { } normalization ? set.Normalized(normalization) : set;
    }

    /// <summary>The labels and clients of some rows, of which nothing else is seen yet: to deal them out.</summary>
    public LabeledSet Unseen(string name, ReadOnlySpan<int> rows) =>
        new LabeledSet(name, new float[Count], [1], labels, classes)
        {
            Targets = target is null ? null : [.. target.Numbers],
            Clients = owners is null ? null : new ClientColumn(terms.Client!, owners),
        }.Take(name, rows);
}

using Plume.Compression.Wire;
using Plume.Compression.Wording;
using Plume.Models.Graph;

namespace Plume.Learning.Data;

/// <summary>
/// What the samples of a model are: the names of their columns in order, how their values were normalized, and the names of the
/// classes. A model carries it in its file, so that whoever runs it on a table need not know how it was trained.
/// </summary>
/// <remarks>
/// In ONNX metadata: <c>plume.columns</c> and <c>plume.classes</c>, arrays of strings, <c>plume.categories</c>, an array of such,
/// <c>plume.fill</c>, <c>plume.mean</c> and <c>plume.scale</c>, arrays of numbers; <c>plume.target</c>, an array of one string,
/// and <c>plume.targetScale</c>, an array of its mean and scale; all in JSON.
/// </remarks>
public sealed record SampleSchema
{
    const string ColumnsKey = "plume.columns", CategoriesKey = "plume.categories", FillKey = "plume.fill",
        ClassesKey = "plume.classes", MeanKey = "plume.mean", ScaleKey = "plume.scale", TargetKey = "plume.target",
        TargetScaleKey = "plume.targetScale";

    /// <summary>Nothing is known: values come in the model's order, classes are numbers.</summary>
    public static SampleSchema None { get; } = new();

    /// <summary>Name of each column of a table; null where values have no names.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>
    /// For each column the names that its cells may be: a value of a sample for each, 1 for the cell's name and 0 for others.
    /// None for a column of numbers, which is one value; null where all are.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>>? Categories { get; init; }

    /// <summary>
    /// For each column the number that an empty cell stands for; an empty cell of names is none of them. Null where cells must
    /// not be empty.
    /// </summary>
    public IReadOnlyList<float>? Fill { get; init; }

    /// <summary>Values of a sample; null where columns have no names.</summary>
    public int? Length => Columns is null ? null
        : Categories is null ? Columns.Count : Categories.Sum(names => Math.Max(1, names.Count));

    /// <summary>The same about classes, or the target, alone.</summary>
    public SampleSchema OfClasses => new() { Classes = Classes, Target = Target is null ? null : new TargetColumn(Target.Name) };

    /// <summary>The number that is predicted; null where classes are told apart.</summary>
    public TargetColumn? Target { get; init; }

    /// <summary>Name of each class; null where classes are the numbers from 0.</summary>
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>How values were normalized; null where they are as they were measured.</summary>
    public Normalization? Normalization { get; init; }

    /// <summary>What a model says of its samples.</summary>
    /// <exception cref="InvalidPayloadException">What it says is no schema, or does not fit its input and output.</exception>
    public static SampleSchema Of(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var notes = new SchemaNotes(graph);
        var schema = new SampleSchema
        {
            Columns = notes.Names(ColumnsKey),
            Categories = notes.Lists(CategoriesKey),
            Fill = notes.Numbers(FillKey),
            Classes = notes.Names(ClassesKey),
            Normalization = notes.Normalization(MeanKey, ScaleKey),
            Target = notes.Target(TargetKey, TargetScaleKey),
        };
        if ((schema.Categories?.Count ?? schema.Columns?.Count) != schema.Columns?.Count)
            throw notes.Error(CategoriesKey, "must have a list for each column");
        if ((schema.Fill?.Count ?? schema.Columns?.Count) != schema.Columns?.Count)
            throw notes.Error(FillKey, "must have a number for each column");
        if (graph.Inputs is [{ } input] && FixedLength(input) is { } values && (schema.Length ?? values) != values)
            throw notes.Error(ColumnsKey, $"names {schema.Columns!.Count} columns{(schema.Categories is null ? ""
                : $" of {schema.Length} values")}, but its input has {values} values a sample");
        if (graph.Inputs is [{ } fed] && FixedLength(fed) is { } length && schema.Normalization?.Fits(length) == false)
            throw notes.Error(MeanKey,
                $"has {schema.Normalization.Mean.Count} means, but its input has {length} values a sample");
        if (schema.Target is not null && OutputsOf(graph) is not (null or 1))
            throw notes.Error(TargetKey, $"names a number to predict, but its output has {OutputsOf(graph)}");
        if (ClassesOf(graph) is { } classes && (schema.Classes?.Count ?? classes) != classes)
            throw notes.Error(ClassesKey, $"names {schema.Classes!.Count} classes, but its output tells {classes} apart");
        return schema;
    }

    /// <summary>The model with this schema in its metadata; a model that has one keeps its own.</summary>
    /// <exception cref="InvalidPayloadException">The model's own is damaged.</exception>
    public ModelGraph AddTo(ModelGraph graph)
    {
        if (Of(graph) != None || this == None)
            return graph;
        var notes = new List<KeyValuePair<string, string>>();
        Add(ColumnsKey, Columns, SchemaNotes.Text);
        Add(CategoriesKey, Categories, SchemaNotes.Text);
        Add(FillKey, Fill, SchemaNotes.Text);
        Add(ClassesKey, Classes, SchemaNotes.Text);
        Add(MeanKey, Normalization?.Mean, SchemaNotes.Text);
        Add(ScaleKey, Normalization?.Scale, SchemaNotes.Text);
        Add(TargetKey, Target is null ? null : (string[])[Target.Name], SchemaNotes.Text);
        Add(TargetScaleKey, Target is null ? null : (float[])[Target.Mean, Target.Scale], SchemaNotes.Text);
        return graph.WithMetadata(notes);

        void Add<T>(string key, IReadOnlyList<T>? values, Func<IReadOnlyList<T>, string> print)
        {
            if (values is not null)
                notes.Add(new(key, print(values)));
        }
    }

    /// <summary>
    /// Classes that a model's output has room for, two where it is one score; null where its shape does not say.
    /// </summary>
    public static int? ClassesOf(ModelGraph graph) => OutputsOf(graph) is { } numbers ? Math.Max(2, numbers) : null;

    /// <summary>Numbers that a model gives of a sample; null where its output's shape does not say.</summary>
    internal static int? OutputsOf(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Outputs is not [{ HasShape: true } output] ? null : output.Shape switch
        {
            [_] => 1,
            [_, { IsFixed: true } last] => (int)last.Length,
            _ => null,
        };
    }

    /// <summary>What of another schema differs from this one, as a clause for a message; null where both may meet.</summary>
    public string? Difference(SampleSchema other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Differ(Columns, other.Columns))
            return $"takes the columns {Listing.Of(Columns!)}, but they are {Listing.Of(other.Columns!)}";
        if (Columns is not null && other.Columns is not null && !SameCategories(other))
            return "takes other names of its columns' cells";
        if (Columns is not null && other.Columns is not null && Fill is not null && other.Fill is not null
            && !Fill.SequenceEqual(other.Fill))
            return "takes other numbers for empty cells";
        if (Differ(Classes, other.Classes))
            return $"tells the classes {Listing.Of(Classes!)} apart, but they are {Listing.Of(other.Classes!)}";
        if (Target is not null && other.Target is not null && Target != other.Target)
            return $"predicts '{Printable.Name(Target.Name)}', but they have '{Printable.Name(other.Target.Name)}', or it was normalized otherwise";
        if (Target is not null && other.Classes is not null || Classes is not null && other.Target is not null)
            return Target is not null ? $"predicts a number, '{Printable.Name(Target.Name)}', but they have classes"
                : $"tells classes apart, but they have a number, '{Printable.Name(other.Target!.Name)}',";
        return Normalization is not null && other.Normalization is not null && Normalization != other.Normalization
            ? "takes values normalized by other means and scales" : null;
    }

    /// <inheritdoc/>
    public bool Equals(SampleSchema? other) =>
        other is not null && Same(Columns, other.Columns) && SameCategories(other)
            && (Fill is null ? other.Fill is null : other.Fill is not null && Fill.SequenceEqual(other.Fill))
            && Same(Classes, other.Classes) && Normalization == other.Normalization && Target == other.Target;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Columns?.Count, Classes?.Count, Normalization);

    bool SameCategories(SampleSchema other) => Categories is null ? other.Categories is null
        : other.Categories is not null && Categories.Count == other.Categories.Count && Categories.Zip(other.Categories,
            Same).All(same => same);

    static bool Differ(IReadOnlyList<string>? one, IReadOnlyList<string>? other) =>
        one is not null && other is not null && !Same(one, other);

    static bool Same(IReadOnlyList<string>? one, IReadOnlyList<string>? other) =>
        one is null ? other is null : other is not null && one.SequenceEqual(other, StringComparer.Ordinal);

    static int? FixedLength(ValueInfo input)
    {
        if (!input.HasShape || input.Shape.Count < 2 || input.Shape.Skip(1).Any(length => !length.IsFixed))
            return null;
        long values = input.Shape.Skip(1).Aggregate(1L, (product, length) => Math.Min(product * length.Length, int.MaxValue));
        return (int)values;
    }
}

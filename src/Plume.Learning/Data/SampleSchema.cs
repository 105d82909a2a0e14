using Plume.Compression.Wire;
using Plume.Models.Graph;

namespace Plume.Learning.Data;

/// <summary>
/// What the samples of a model are: the names of their columns in order, how their values were normalized, and the names of the
/// classes. A model carries it in its file, so that whoever runs it on a table need not know how it was trained.
/// </summary>
/// <remarks>
/// In ONNX metadata: <c>plume.columns</c> and <c>plume.classes</c>, arrays of strings, <c>plume.mean</c> and <c>plume.scale</c>,
/// arrays of numbers; all in JSON.
/// </remarks>
public sealed record SampleSchema
{
    const string ColumnsKey = "plume.columns", ClassesKey = "plume.classes", MeanKey = "plume.mean", ScaleKey = "plume.scale";

    /// <summary>Nothing is known: values come in the model's order, classes are numbers.</summary>
    public static SampleSchema None { get; } = new();

    /// <summary>Name of each value of a sample; null where values have no names.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

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
            Classes = notes.Names(ClassesKey),
            Normalization = notes.Normalization(MeanKey, ScaleKey),
        };
        if (graph.Inputs is [{ } input] && FixedLength(input) is { } values && (schema.Columns?.Count ?? values) != values)
            throw notes.Error(ColumnsKey, $"names {schema.Columns!.Count} columns, but its input has {values} values a sample");
        if (graph.Inputs is [{ } fed] && FixedLength(fed) is { } length && schema.Normalization?.Fits(length) == false)
            throw notes.Error(MeanKey,
                $"has {schema.Normalization.Mean.Count} means, but its input has {length} values a sample");
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
        Add(ClassesKey, Classes, SchemaNotes.Text);
        Add(MeanKey, Normalization?.Mean, SchemaNotes.Text);
        Add(ScaleKey, Normalization?.Scale, SchemaNotes.Text);
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
    public static int? ClassesOf(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Outputs is not [{ HasShape: true } output] ? null : output.Shape switch
        {
            [_] => 2,
            [_, { IsFixed: true } last] => Math.Max(2, (int)last.Length),
            _ => null,
        };
    }

    /// <summary>What of another schema differs from this one, as a clause for a message; null where both may meet.</summary>
    public string? Difference(SampleSchema other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Differ(Columns, other.Columns))
            return $"takes the columns {Listing.Of(Columns!)}, but they are {Listing.Of(other.Columns!)}";
        if (Differ(Classes, other.Classes))
            return $"tells the classes {Listing.Of(Classes!)} apart, but they are {Listing.Of(other.Classes!)}";
        return Normalization is not null && other.Normalization is not null && Normalization != other.Normalization
            ? "takes values normalized by other means and scales" : null;
    }

    /// <inheritdoc/>
    public bool Equals(SampleSchema? other) =>
        other is not null && Same(Columns, other.Columns) && Same(Classes, other.Classes) && Normalization == other.Normalization;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Columns?.Count, Classes?.Count, Normalization);

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

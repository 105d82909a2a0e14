using System.Text.Json;
using System.Text.Json.Serialization;
using Plume.Compression.Wire;

namespace Plume.Learning.Data.Tables;

/// <summary>
/// What has to be known of all clients' rows before a model can be made, and no more: of each column of numbers how many there
/// are, their mean and their squared deviations from it, of each column of names which there are, and the classes. Summaries of
/// several clients merge to that of all their rows, so nobody needs to see a row of another.
/// </summary>
/// <param name="Label">The column with the class.</param>
/// <param name="Columns">The columns of features, in order.</param>
/// <param name="ClassNames">The names of the classes, in ordinal order; null where they are numbers.</param>
/// <param name="Classes">Number of classes; 1 where rows have a number to predict.</param>
public sealed record TableSummary(string Label, IReadOnlyList<ColumnSummary> Columns, IReadOnlyList<string>? ClassNames,
    int Classes)
{
    /// <summary>Of the number to predict; null where rows have classes.</summary>
    public ColumnSummary? Target { get; init; }

    /// <summary>The summary of the rows of both.</summary>
    /// <exception cref="InvalidPayloadException">They have other columns, or one has names where the other has numbers.</exception>
    public TableSummary Merge(TableSummary other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Label != other.Label || !Columns.Select(column => column.Name).SequenceEqual(other.Columns.Select(column =>
            column.Name)))
            throw new InvalidPayloadException(
                $"Summaries must have the same columns, but one has {Listing.Of([.. Columns.Select(column => column.Name), Label])} and "
                    + $"another {Listing.Of([.. other.Columns.Select(column => column.Name), other.Label])}.");
        if (ClassNames is null != other.ClassNames is null)
            throw new InvalidPayloadException($"Column '{Label}' has names in one summary and numbers in another.");
        if (Target is null != other.Target is null)
            throw new InvalidPayloadException($"Column '{Label}' is a number to predict in one summary and a class in another.");
        string[]? names = ClassNames is null ? null : [.. ClassNames.Union(other.ClassNames!).Order(StringComparer.Ordinal)];
        return new TableSummary(Label, [.. Columns.Zip(other.Columns, (one, two) => one.Merge(two))], names,
            names?.Length ?? Math.Max(Classes, other.Classes))
        {
            Target = Target?.Merge(other.Target!),
        };
    }

    /// <summary>What a model sees of such rows.</summary>
    /// <param name="isNormalized">Whether numbers are normalized to mean 0 and deviation 1.</param>
    /// <param name="fills">Whether empty cells take their column's mean, or none of its names; otherwise they are refused.</param>
    /// <exception cref="InvalidPayloadException">A column has no value at all.</exception>
    public SampleSchema Schema(bool isNormalized = false, bool fills = false)
    {
        if (Columns.FirstOrDefault(column => column.IsEmpty) is { } empty && (isNormalized || fills
            || empty.Categories is not null))
            throw new InvalidPayloadException($"Column '{empty.Name}' is empty in all training rows; leave it out.");
        bool hasNames = Columns.Any(column => column.Categories is not null);
        return new SampleSchema
        {
            Columns = [.. Columns.Select(column => column.Name)],
            Categories = hasNames ? [.. Columns.Select(column => column.Categories ?? [])] : null,
            Fill = fills ? [.. Columns.Select(column => (float)column.Mean)] : null,
            Classes = ClassNames,
            Target = Target is null ? null
                : isNormalized ? new TargetColumn(Label, (float)Target.Mean, Target.Scale) : new TargetColumn(Label),
            Normalization = isNormalized ? new Normalization(
                [.. Columns.SelectMany(column => column.Categories?.Select(_ => 0f) ?? [(float)column.Mean])],
                [.. Columns.SelectMany(column => column.Categories?.Select(_ => 1f) ?? [column.Scale])]) : null,
        };
    }

    /// <summary>The summary as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SummaryJson.Default.TableSummary) + "\n";

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <param name="text">The JSON.</param>
    /// <param name="path">Its file, for messages.</param>
    /// <exception cref="InvalidPayloadException">It is no summary.</exception>
    public static TableSummary Read(string text, string path)
    {
        try
        {
            var summary = JsonSerializer.Deserialize(text, SummaryJson.Default.TableSummary);
            return summary is { Label: not null, Columns.Count: > 0, Classes: >= 1 } && summary.Columns.All(column =>
                column?.IsSound == true)
                && summary.Target is not { IsSound: false } and not { Categories: not null }
                && (summary.ClassNames is not { } names || names.Count == summary.Classes && !names.Any(string.IsNullOrEmpty))
                && summary.Columns.Select(column => column.Name).Distinct(StringComparer.Ordinal).Count() == summary.Columns.Count
                ? summary : throw new InvalidPayloadException($"File '{path}' is no summary of a table: a figure of it is out of its range.");
        }
        catch (JsonException damage)
        {
            throw new InvalidPayloadException($"File '{path}' is no summary of a table: {damage.Message}", damage);
        }
    }
}

/// <summary>Source-generated JSON of a summary.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(TableSummary))]
sealed partial class SummaryJson : JsonSerializerContext;

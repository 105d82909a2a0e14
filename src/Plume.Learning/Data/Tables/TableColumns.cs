using System.Text.RegularExpressions;
using Plume.Compression.Wire;
using Plume.Compression.Wording;
using Plume.Learning.Data.Tables.Files;

namespace Plume.Learning.Data.Tables;

/// <summary>Which columns of a table are what.</summary>
sealed partial record TableColumns
{
    /// <summary>All names, in the file's order.</summary>
    public required IReadOnlyList<string> Header { get; init; }

    /// <summary>Place of the class.</summary>
    public required int Label { get; init; }

    /// <summary>Place of the client's name, or -1.</summary>
    public required int Client { get; init; }

    /// <summary>Places of the features, in the model's order.</summary>
    public required IReadOnlyList<int> Features { get; init; }

    /// <summary>Place of the cell that says whether a row is for testing, or -1.</summary>
    public required int Split { get; init; }

    /// <summary>Which columns were left out, and why.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>Finds the columns of a table.</summary>
    /// <param name="rows">The table, before its first row.</param>
    /// <param name="terms">Which columns are what.</param>
    /// <param name="split">The column that says which rows are for testing, or null.</param>
    /// <param name="schema">What the model takes, or none.</param>
    /// <exception cref="InvalidPayloadException">A column is missing, or two have one name.</exception>
    public static TableColumns Read(TableRows rows, TableTerms terms, string? split, SampleSchema schema)
    {
        var header = rows.Header;
        string?[] others = [terms.Label, terms.Client, split];
        int own = header.TakeWhile(name => IndexName().IsMatch(name) && !others.Contains(name)
            && schema.Columns?.Contains(name) != true).Count();
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int place = own; place < header.Count; place++)
        {
            if (header[place].Length == 0 || !names.TryAdd(header[place], place))
                throw rows.Error(place, $"a column's name must be unique and not empty, but "
                    + $"'{Printable.Line(header[place], 60)}' is not");
        }

        if (schema.Columns?.FirstOrDefault(others.Contains) is { } unfit)
            throw new InvalidPayloadException(
                $"The model takes column '{unfit}' as a feature, so it cannot be the class, the client or the split.");
        foreach (string name in schema.Columns is null ? [.. terms.LeftOut, .. terms.Categories] : terms.LeftOut.Take(0))
            IndexOf(name);
        int label = IndexOf(terms.Label), client = terms.Client is null ? -1 : IndexOf(terms.Client),
            splits = split is null ? -1 : IndexOf(split);
        var columns = new TableColumns
        {
            Header = header,
            Label = label,
            Client = client,
            Split = splits,
            Features = [.. Enumerable.Range(own, header.Count - own).Where(index => index != label && index != client
                && index != splits && !terms.LeftOut.Contains(header[index]))],
            Remarks = IndexRemark(header, own),
        };
        return schema.Columns is { } wanted ? columns.Named(wanted, names, rows.Path)
            : columns.Features.Count > 0 ? columns
            : throw new InvalidPayloadException($"File '{rows.Path}' has no columns of features; it has {Listing.Of(header)}.");

        int IndexOf(string column) => names.TryGetValue(column, out int index)
            ? index
            : throw new InvalidPayloadException(
                $"File '{rows.Path}' has no column '{Printable.Name(column)}'; it has {Listing.Of(header)}.");
    }

    TableColumns Named(IReadOnlyList<string> wanted, Dictionary<string, int> names, string path)
    {
        var missing = wanted.Where(name => !names.ContainsKey(name)).ToList();
        if (missing.Count > 0)
            throw new InvalidPayloadException(
                $"File '{path}' lacks {(missing.Count == 1 ? "a column" : $"{missing.Count} columns")} that the model takes: "
                    + $"{Listing.Of(missing)}. The file has {Listing.Of(Header)}.");
        int[] features = [.. wanted.Select(name => names[name])];
        var extra = names.Values.Except(features).Where(index => index != Label && index != Client && index != Split)
            .Select(index => Header[index]).ToList();
        return this with
        {
            Features = features,
            Remarks = extra.Count == 0 ? Remarks : [.. Remarks, $"Left out: {Listing.Of(extra)}, which the model does not take."],
        };
    }

    static string[] IndexRemark(IReadOnlyList<string> header, int own) => own == 0
        ? []
        : [$"Left out: {(own == 1 ? "the first column" : $"the first {own} columns")}, with "
            + $"{string.Join(" and ", header.Take(own).Select(name => name.Length == 0 ? "no name" : $"the name '{Printable.Name(name)}'"))}: row numbers, not a feature. Name it if it is one."];

    // What pandas writes in front of the columns, and what it makes of that when it reads it again.
    [GeneratedRegex(@"^(Unnamed: \d+(\.\d+)?)?$", RegexOptions.CultureInvariant)]
    private static partial Regex IndexName();
}

using System.Text.RegularExpressions;
using Plume.Compression.Wire;
using Plume.Compression.Wording;

namespace Plume.Learning.Data;

/// <summary>Which columns of a table are what.</summary>
sealed partial record CsvColumns
{
    /// <summary>All names, in the file's order.</summary>
    public required IReadOnlyList<string> Header { get; init; }

    /// <summary>Place of the class.</summary>
    public required int Label { get; init; }

    /// <summary>Place of the client's name, or -1.</summary>
    public required int Client { get; init; }

    /// <summary>Places of the features, in the model's order.</summary>
    public required IReadOnlyList<int> Features { get; init; }

    /// <summary>What the model does to the values, or null.</summary>
    public Normalization? Normalization { get; init; }

    /// <summary>Which columns were left out, and why.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>Reads the header.</summary>
    /// <exception cref="InvalidPayloadException">A column is missing, or two have one name.</exception>
    public static CsvColumns Read(CsvRows rows, string path, string label, string? client, SampleSchema schema)
    {
        if (!rows.Next())
            throw new InvalidPayloadException($"File '{path}' is empty; its first line must name the columns.");
        string[] header = [.. Enumerable.Range(0, rows.Count).Select(index => rows[index].ToString())];
        int own = header.TakeWhile(name => IndexName().IsMatch(name) && name != label && name != client
            && schema.Columns?.Contains(name) != true).Count();
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        int wrong = Array.FindIndex(header, own, name => name.Length == 0 || !names.TryAdd(name, names.Count + own));
        if (wrong >= 0)
            throw rows.Error(wrong, $"a column's name must be unique and not empty, but {rows.Shown(wrong)} is not");
        var unfit = schema.Columns?.Where(name => name == label || name == client).ToList() ?? [];
        if (unfit.Count > 0)
            throw new InvalidPayloadException(
                $"The model takes column '{unfit[0]}' as a feature, so it cannot be the class or the client.");
        var columns = new CsvColumns
        {
            Header = header,
            Label = IndexOf(label),
            Client = client is null ? -1 : IndexOf(client),
            Features = [],
            Remarks = IndexRemark(header, own),
        };
        return schema.Columns is { } wanted
            ? columns.Named(wanted, names, path) with { Normalization = schema.Normalization }
            : columns with
            {
                Features =
                [.. Enumerable.Range(own, header.Length - own).Where(index => index != columns.Label && index != columns.Client)],
                Normalization = schema.Normalization
            };

        int IndexOf(string column) => names.TryGetValue(column, out int index)
            ? index
            : throw new InvalidPayloadException(
                $"File '{path}' has no column '{column}'; it has "
                    + $"{Listing.Of(header)}.{(header is [var only] && only.IndexOfAny([';', '\t']) >= 0 ? " Columns must be separated by commas." : "")}");
    }

    CsvColumns Named(IReadOnlyList<string> wanted, Dictionary<string, int> names, string path)
    {
        var missing = wanted.Where(name => !names.ContainsKey(name)).ToList();
        if (missing.Count > 0)
            throw new InvalidPayloadException(
                $"File '{path}' lacks {(missing.Count == 1 ? "a column" : $"{missing.Count} columns")} that the model takes: "
                    + $"{Listing.Of(missing)}. The file has {Listing.Of(Header)}.");
        int[] features = [.. wanted.Select(name => names[name])];
        var extra = names.Values.Except(features).Where(index => index != Label && index != Client).Select(index => Header[index])
            .ToList();
        return this with
        {
            Features = features,
            Remarks = extra.Count == 0 ? Remarks : [.. Remarks, $"Left out: {Listing.Of(extra)}, which the model does not take."],
        };
    }

    static string[] IndexRemark(string[] header, int own) => own == 0
        ? []
        : [$"Left out: {(own == 1 ? "the first column" : $"the first {own} columns")}, with "
            + $"{string.Join(" and ", header.Take(own).Select(name => name.Length == 0 ? "no name" : $"the name '{Printable.Name(name)}'"))}: row numbers, not a feature. Name it if it is one."];

    // What pandas writes in front of the columns, and what it makes of that when it reads it again.
    [GeneratedRegex(@"^(Unnamed: \d+(\.\d+)?)?$", RegexOptions.CultureInvariant)]
    private static partial Regex IndexName();
}

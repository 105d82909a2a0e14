using Plume.Compression.Wording;
using Plume.Learning.Data.Tables.Files;

namespace Plume.Learning.Data.Tables;

/// <summary>A column of names that are no features, or none at all where the place is -1.</summary>
sealed class NameColumn(TableRows rows, int index, string purpose)
{
    // One string a name, not one a row.
    readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> known =
        new HashSet<string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    readonly List<string> names = [];

    /// <summary>The name in each row; null where there is no column.</summary>
    public IReadOnlyList<string>? Names => index < 0 ? null : names;

    /// <summary>Adds the row that was read last.</summary>
    /// <exception cref="Compression.Wire.InvalidPayloadException">Its cell is empty.</exception>
    public void Add()
    {
        if (index < 0)
            return;
        var name = rows[index];
        if (name.IsEmpty)
            throw rows.Error(index, $"'{Printable.Name(rows.Header[index])}' is empty, but every row needs {purpose}");
        known.Add(name);
        names.Add(known.TryGetValue(name, out string? same) ? same : name.ToString());
    }
}

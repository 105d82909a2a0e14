using Plume.Compression.Randomness;
using Plume.Learning.Data;

namespace Plume.Learning.Partition;

/// <summary>
/// Each client has the samples that carry its name in a column of the data; clients in the ordinal order of their names.
/// </summary>
/// <param name="Column">The name of the column, with which the data was read.</param>
public sealed record ByColumn(string Column) : Partition
{
    /// <summary>The name of the column.</summary>
    public string Column { get; } = Valid(Column, nameof(Column));

    private protected override string Notation => $"column({Column})";

    /// <inheritdoc/>
    public override Allotment Deal(LabeledSet set, int clients, RandomKey key)
    {
        CheckClients(set, clients);
        if (set.Clients?.Name != Column)
            throw new ArgumentException(
                $"Set '{set.Name}' was not read with a client column '{Column}'; it has "
                    + $"{(set.Clients is null ? "none" : $"'{set.Clients.Name}'")}.", nameof(set));
        var names = set.Clients.Names;
        int[][] parts = [.. Enumerable.Range(0, set.Count).GroupBy(sample => names[sample], StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => group.ToArray())];
        return parts.Length == clients
            ? new Allotment(parts)
            : throw new ArgumentException(
                $"Column '{Column}' of set '{set.Name}' names {parts.Length} clients, but {clients} were asked for.",
                nameof(clients));
    }
}

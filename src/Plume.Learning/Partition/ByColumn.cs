using Plume.Compression.Randomness;
using Plume.Learning.Data;

namespace Plume.Learning.Partition;

/// <summary>Each client has the samples that carry its name, as a column of the data says; clients in the order of their names.</summary>
/// <param name="Owners">For each sample its client's name.</param>
public sealed record ByColumn(IReadOnlyList<string> Owners) : Partition
{
    /// <summary>Number of different names.</summary>
    public int Clients { get; } = Owners.Distinct(StringComparer.Ordinal).Count();

    /// <inheritdoc/>
    public override Allotment Deal(LabeledSet set, int clients, RandomKey key)
    {
        ArgumentNullException.ThrowIfNull(set);
        if (Owners.Count != set.Count || clients != Clients)
            throw new ArgumentException($"The column names {Clients} clients for {Owners.Count} samples, but {clients} clients and {set.Count} samples were given.", nameof(clients));
        return new Allotment([.. Enumerable.Range(0, set.Count).GroupBy(index => Owners[index], StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => group.ToArray())]);
    }
}

namespace Plume.Learning.Data;

/// <summary>A column of the data that says whose each sample is: a hospital, a machine, a branch.</summary>
/// <param name="Name">The column's name.</param>
/// <param name="Names">For each sample the name of its client.</param>
public sealed record ClientColumn(string Name, IReadOnlyList<string> Names);

namespace Plume.Learning.Partition;

/// <summary>Which samples each client holds, and, where the data says so, who takes part in each round.</summary>
/// <param name="Clients">For each client the indices of its samples: at least one, and no sample twice.</param>
/// <param name="Rounds">For each round from 1 on the clients that take part, or null where the federation chooses.</param>
public sealed record Allotment(IReadOnlyList<int[]> Clients, IReadOnlyList<int[]>? Rounds = null);

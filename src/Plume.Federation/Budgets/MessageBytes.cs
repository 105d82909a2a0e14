namespace Plume.Federation.Budgets;

/// <summary>What messages of a federation take, whatever they say.</summary>
/// <param name="Whole">Most bytes of a whole model.</param>
/// <param name="LeastUpload">About the fewest that an update takes.</param>
/// <param name="MostUpload">The most.</param>
public sealed record MessageBytes(long Whole, long LeastUpload, long MostUpload);

namespace Plume.Server.Federations.Definitions;

/// <summary>Values that stand in a federation's graph and are not learned. They travel once, with the graph.</summary>
/// <param name="Bytes">How many bytes they are.</param>
/// <param name="Hash">Tells them from others; 0 for none.</param>
public readonly record struct GraphConstants(long Bytes, ulong Hash);

namespace Plume.Federation.Selection;

/// <summary>That a member let rounds' deadlines pass.</summary>
/// <param name="Missed">How many in a row: an update that counts ends it.</param>
/// <param name="Rest">How many rounds, attempts included, do not ask it from now on.</param>
public sealed record Absence(int Missed, int Rest);

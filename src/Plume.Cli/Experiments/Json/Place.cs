namespace Plume.Cli.Experiments.Json;

/// <summary>Where a value was written, for a message to point at.</summary>
/// <param name="Text">For example <c>digits.json:4:12</c> (line and column, both from 1) or <c>--set rounds=5</c>.</param>
/// <param name="Folder">What a relative path written there is relative to.</param>
sealed record Place(string Text, string Folder)
{
    public override string ToString() => Text;
}

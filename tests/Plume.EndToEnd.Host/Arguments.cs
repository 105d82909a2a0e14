using System.Globalization;

namespace Plume.EndToEnd.Host;

/// <summary>A command line of names and values: <c>--rounds 12</c>.</summary>
sealed class Arguments(IEnumerable<string> words)
{
    readonly Dictionary<string, string> values = words.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    /// <exception cref="KeyNotFoundException">It is not there.</exception>
    public string this[string name] => values[$"--{name}"];

    public string? Find(string name) => values.GetValueOrDefault($"--{name}");

    public int Number(string name) => int.Parse(this[name], CultureInfo.InvariantCulture);

    public TimeSpan Milliseconds(string name) => TimeSpan.FromMilliseconds(Number(name));
}

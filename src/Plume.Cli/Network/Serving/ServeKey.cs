using System.CommandLine;
using System.Text.RegularExpressions;
using Plume.Cli.Experiments.Keys;

namespace Plume.Cli.Network.Serving;

/// <summary>One setting of a server, which may stand in a file, in the environment and on the command line.</summary>
/// <param name="Key">Its name in the file, what it means, and what may stand there.</param>
/// <param name="Shown">What stands for its value in the help.</param>
/// <param name="Standard">What it is where nobody says anything; null where it is nothing then.</param>
sealed partial record ServeKey(Key Key, string Shown, string? Standard = null)
{
    const string Prefix = "PLUME_SERVE_";

    /// <summary>Its option: <c>--start-with</c>.</summary>
    public string Flag => $"--{Words("-").ToLowerInvariant()}";

    /// <summary>Its variable of the environment: <c>PLUME_SERVE_START_WITH</c>.</summary>
    public string Variable => Prefix + Words("_").ToUpperInvariant();

    /// <summary>Whether a variable is meant for a server.</summary>
    public static bool IsVariable(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>A new option for it.</summary>
    public Option Option() => Key switch
    {
        FlagKey => new Option<bool>(Flag) { Description = Key.Description },
        ListKey => new Option<string[]>(Flag) { Description = Key.Description, HelpName = Shown },
        _ => new Option<string?>(Flag)
        {
            Description = Standard is null ? Key.Description
            : $"{Key.Description} [default: {Standard}]",
            HelpName = Shown
        },
    };

    string Words(string between) => Capital().Replace(Key.Name, match => between + match.Value);

    [GeneratedRegex("[A-Z]")]
    private static partial Regex Capital();
}

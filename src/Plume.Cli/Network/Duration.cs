using System.CommandLine;
using System.Globalization;
using Plume.Cli.Errors;

namespace Plume.Cli.Network;

/// <summary>A length of time as people write it: 90s, 10m, 2h, 7d.</summary>
static class Duration
{
    /// <exception cref="CliException">The text of an option is none.</exception>
    public static TimeSpan Parse(string text, string option)
    {
        try
        {
            return Parse(text);
        }
        catch (FormatException broken)
        {
            throw new CliException(ExitCode.Usage, $"{option} {broken.Message}.", broken);
        }
    }

    /// <exception cref="FormatException">The text is none.</exception>
    public static TimeSpan Parse(string text)
    {
        if (text.Length > 1 && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture, out double count) && count > 0 && UnitOf(text[^1]) is { } unit
                && count * unit.TotalSeconds < TimeSpan.MaxValue.TotalSeconds)
            return count * unit;
        throw new FormatException($"must be a time above zero such as 90s, 10m, 2h or 7d, but is '{text}'");
    }

    /// <summary>An option that takes one.</summary>
    public static Option<string> Option(string name, string description, string standard) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => standard,
    };

    static TimeSpan? UnitOf(char letter) => letter switch
    {
        's' => TimeSpan.FromSeconds(1),
        'm' => TimeSpan.FromMinutes(1),
        'h' => TimeSpan.FromHours(1),
        'd' => TimeSpan.FromDays(1),
        _ => null,
    };
}

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Plume.Cli.Errors;

namespace Plume.Cli.Setup;

/// <summary>Options that take what was written and nothing like it: no 1,5 that would be 15, no 7 for a word.</summary>
static class WrittenOption
{
    /// <summary>An option that is a number, with a point as in 0.05.</summary>
    public static Option<double> Number(string name) => new(name) { CustomParser = Number };

    /// <summary>The same, for one that may be left out.</summary>
    public static Option<double?> MaybeNumber(string name) => new(name) { CustomParser = given => Number(given) };

    /// <summary>An option that is one of a few words.</summary>
    public static Option<T> Word<T>(string name)
    {
        var option = new Option<T>(name);
        option.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase,
            [.. Enum.GetNames(Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T)).Select(word => word.ToLowerInvariant())]);
        return option;
    }

    /// <summary>What an option's text says by a notation.</summary>
    /// <param name="option">The option's name.</param>
    /// <param name="text">What was written.</param>
    /// <param name="parse">The notation.</param>
    /// <exception cref="CliException">The text breaks a rule of it.</exception>
    public static T Read<T>(string option, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException mistake)
        {
            throw new CliException(ExitCode.Usage, $"{option}: {mistake.Message}", mistake);
        }
    }

    static double Number(ArgumentResult given)
    {
        string text = given.Tokens.Count == 1 ? given.Tokens[0].Value : "";
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
            return number;
        given.AddError($"{(given.Parent as OptionResult)?.Option.Name} must be a number such as 0.05, but is '{text}'.");
        return 0;
    }
}

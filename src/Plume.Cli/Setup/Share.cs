using System.Globalization;
using Plume.Cli.Errors;

namespace Plume.Cli.Setup;

/// <summary>A share as users write it: <c>90%</c> or <c>0.9</c>.</summary>
static class Share
{
    /// <summary>Reads a share from 0 to 1.</summary>
    /// <exception cref="CliException">It is no number, or out of range.</exception>
    public static double Parse(string option, string text)
    {
        bool percent = text.EndsWith('%');
        return double.TryParse(percent ? text[..^1] : text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && (percent ? number / 100 : number) is >= 0 and <= 1 and var share
            ? share
            : throw new CliException(ExitCode.Usage, $"{option} is a share such as 90% or 0.9, from 0 to 1, but is '{text}'.");
    }

    /// <summary>Reads points of accuracy, such as <c>1pt</c>, as a share.</summary>
    /// <exception cref="CliException">It is no such number.</exception>
    public static double Points(string option, string text) =>
        text.EndsWith("pt", StringComparison.Ordinal)
            && double.TryParse(text[..^2], NumberStyles.Float, CultureInfo.InvariantCulture, out double points) && points is >= 0
                and < 100
        ? points / 100
        : throw new CliException(ExitCode.Usage, $"{option} is points of accuracy from 0, such as 1pt, but is '{text}'.");
}

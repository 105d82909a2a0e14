using System.Globalization;

namespace Plume.Compression.Lines;

/// <summary>A share in the notation: <c>29%</c> is 0.29, and prints as 29% again.</summary>
public static class Percentage
{
    /// <summary>A share as the notation writes it.</summary>
    // By decimals: 0.29 as a double times 100 is not 29.
    public static string Print(double share) =>
        $"{((decimal)share * 100).ToString("0.############################", CultureInfo.InvariantCulture)}%";

    /// <summary>Reads an argument.</summary>
    /// <exception cref="FormatException">The text is no percentage above 0% and at most 100%.</exception>
    public static double Parse(LineArguments arguments, LineArgument argument)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (!argument.Text.EndsWith('%'))
            throw arguments.Error(argument.Column, $"'{argument.Text}' must be a percentage, such as 50%");
        double percent = arguments.Number(argument, argument.Text[..^1]);
        return percent is >= 1e-9 and <= 100
            ? (double)((decimal)percent / 100)
            : throw arguments.Error(argument.Column, $"'{argument.Text}' must be above 0% and at most 100%");
    }
}

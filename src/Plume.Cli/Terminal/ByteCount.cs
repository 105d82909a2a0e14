using System.Globalization;
using Plume.Cli.Errors;

namespace Plume.Cli.Terminal;

/// <summary>A number of bytes, as people write it on a command line.</summary>
static class ByteCount
{
    static readonly string[] Units = ["bytes", "kB", "MB"];

    /// <summary>Reads <c>40kB</c>, <c>1.5 MB</c> or <c>999</c>.</summary>
    /// <exception cref="CliException">It is no number of bytes.</exception>
    public static long Parse(string option, string text)
    {
        int unit = Math.Max(0, Array.FindLastIndex(Units, known => text.EndsWith(known, StringComparison.Ordinal)));
        string number = text.EndsWith(Units[unit], StringComparison.Ordinal) ? text[..^Units[unit].Length] : text;
        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && value > 0 && value < 1e12
            ? (long)(value * Math.Pow(1000, unit))
            : throw new CliException(ExitCode.Usage, $"{option} is a number of bytes such as 40kB, but is '{text}'.");
    }
}

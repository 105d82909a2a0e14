using System.Globalization;
using Plume.Cli.Errors;

namespace Plume.Cli.Network;

/// <summary>The places that one program wants in a federation.</summary>
/// <param name="Numbers">One for each client; null for one that takes what it gets.</param>
sealed record Places(IReadOnlyList<int?> Numbers)
{
    const int Most = 10_000;

    /// <summary>Reads nothing, a number, or a range such as 0-9.</summary>
    /// <exception cref="CliException">The text is none of these.</exception>
    public static Places Parse(string? text)
    {
        if (text is null)
            return new Places([null]);
        string[] ends = text.Split('-');
        if (ends.Length <= 2 && ends.All(end => int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            int first = int.Parse(ends[0], CultureInfo.InvariantCulture),
                last = int.Parse(ends[^1], CultureInfo.InvariantCulture);
            if (first <= last && last - first < Most)
                return new Places([.. Enumerable.Range(first, last - first + 1).Select(number => (int?)number)]);
        }

        throw new CliException(ExitCode.Usage,
            $"--number must be a place from 0 on, or a range such as 0-9 of at most {Most} of them, but is '{text}'.");
    }
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Plume.EndToEnd.Tests.Processes;

/// <summary>
/// What a server says of versions: "... version 17 is committed ...", or at a start "... goes on from version 17 ...".
/// </summary>
static partial class Versions
{
    /// <summary>The version that a line speaks of; 0 where it speaks of none.</summary>
    public static int In(string line)
    {
        var version = Pattern().Match(line);
        return version.Success ? int.Parse(version.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex("version ([0-9]+)")]
    private static partial Regex Pattern();
}

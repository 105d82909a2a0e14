using System.Text.RegularExpressions;

namespace Plume.Server.Storage;

/// <summary>The names that storage takes: paths that mean the same in a folder and in a table, and lead nowhere else.</summary>
static partial class StorageName
{
    const int Longest = 256;

    /// <summary>The name, if it is one.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    public static string Check(string name) => name is not null && name.Length <= Longest && Pattern().IsMatch(name)
        ? name
        : throw new ArgumentException(
            $"A name in storage must be words of lower-case letters, digits, dots and dashes between slashes, at most "
                + $"{Longest} characters, but is '{name}'.", nameof(name));

    /// <summary>The prefix, if names can begin with it.</summary>
    /// <exception cref="ArgumentException">They cannot.</exception>
    public static string CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length > 0)
            Check(prefix.TrimEnd('/'));
        return prefix;
    }

    [GeneratedRegex(@"^[a-z0-9_-][a-z0-9._-]*(/[a-z0-9_-][a-z0-9._-]*)*\z")]
    private static partial Regex Pattern();
}

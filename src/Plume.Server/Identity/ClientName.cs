using System.Text;

namespace Plume.Server.Identity;

/// <summary>
/// What a client or an admin may be called: letters and digits of ASCII, dots, dashes and underscores, at most 64, and the first
/// one a letter or a digit. Upper and lower case are different names.
/// </summary>
public static class ClientName
{
    /// <summary>Characters that a name may have.</summary>
    public const int MaxLength = 64;

    /// <summary>
    /// What the names of clients that were not invited begin with, those of Flower's wire; no invited client's does.
    /// </summary>
    internal const string Uninvited = "flower/";

    /// <summary>Whether a text is such a name.</summary>
    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= MaxLength } && char.IsAsciiLetterOrDigit(name[0]) && name.All(IsAllowed);

    /// <summary>Gives the name back.</summary>
    /// <exception cref="ArgumentException">It is not a valid name.</exception>
    public static string Require(string name) => IsValid(name)
        ? name
        : throw new ArgumentException(
            $"A client's name has 1 to {MaxLength} letters, digits, dots, dashes and underscores, and begins with a letter or "
                + $"digit; '{name}' does not. Choose another.", nameof(name));

    /// <summary>
    /// The name as a part of a record's key, in which only lower-case letters, digits, dots and dashes may stand.
    /// </summary>
    internal static string ToKey(string name)
    {
        var key = new StringBuilder(name.Length + 8);
        foreach (char character in name)
        {
            if (char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character == '.')
                key.Append(character);
            else
                key.Append('-').Append(((int)character).ToString("x2"));
        }

        return key.ToString();
    }

    static bool IsAllowed(char character) => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or '_';
}

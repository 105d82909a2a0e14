using System.Buffers;
using System.Globalization;
using System.Text;

namespace Plume.Compression.Wording;

/// <summary>
/// Text of others - names in files, values in tables, words of callers and servers - as it may be shown on a terminal, in a log,
/// a report or a page: on one line, of bounded length, and with no character that is not seen. Text that is fit stays as it is.
/// </summary>
/// <remarks>
/// Shown as <c>\n</c> or <c>\u001B</c> are control characters (C0, C1), format characters (those that turn the direction of
/// writing, those of no width, tags), separators of lines, blank letters and halves of surrogate pairs. What is escaped once is
/// fit, so a message may be cleaned on each of its ways out. Only for people: what a program compares or keeps is never cleaned.
/// </remarks>
public static class Printable
{
    /// <summary>Characters of a name that are shown at most, before any is escaped.</summary>
    public const int LongestName = 200;

    /// <summary>Characters of a line that are shown at most, before any is escaped.</summary>
    public const int LongestLine = 2000;

    static readonly SearchValues<char> Plain =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(character => (char)character)]);

    // Letters and marks of which nothing is seen, though Unicode has them in no class of their own.
    static readonly SearchValues<char> Blank =
        SearchValues.Create("\u034F\u115F\u1160\u17B4\u17B5\u180B\u180C\u180D\u3164\uFFA0");

    /// <summary>A name: of a tensor, a node, a column, a client, a file.</summary>
    public static string Name(string? text) => Line(text, LongestName);

    /// <summary>A sentence or a value, on one line.</summary>
    /// <param name="text">Any text; null is shown as nothing.</param>
    /// <param name="longest">How many characters are shown at most; of a longer text its beginning and its end are.</param>
    public static string Line(string? text, int longest = LongestLine)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(longest);
        if (string.IsNullOrEmpty(text))
            return "";
        if (text.Length <= longest)
            return text.AsSpan().IndexOfAnyExcept(Plain) < 0 ? text : Escape(text);
        int end = longest / 4;
        return string.Create(CultureInfo.InvariantCulture,
            $"{Escape(text.AsSpan(0, longest - end))}... ({text.Length - longest} more characters) "
                + $"...{Escape(text.AsSpan(text.Length - end))}");
    }

    /// <summary>Several lines, of which the program itself made the breaks.</summary>
    public static string Lines(string? text) => text is null ? ""
        : string.Join('\n', text.Split('\n').Select(line => Line(line)));

    static string Escape(ReadOnlySpan<char> text)
    {
        var shown = new StringBuilder(text.Length + 16);
        while (!text.IsEmpty)
        {
            bool isWhole = Rune.DecodeFromUtf16(text, out var rune, out int length) == OperationStatus.Done;
            if (isWhole && IsSeen(rune))
                shown.Append(text[..length]);
            else
                Append(shown, text[..length]);
            text = text[length..];
        }

        return shown.ToString();
    }

    static bool IsSeen(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Surrogate => false,
        _ => !(rune.IsBmp && Blank.Contains((char)rune.Value)),
    };

    // As JSON has it.
    static void Append(StringBuilder shown, ReadOnlySpan<char> characters)
    {
        foreach (char character in characters)
        {
            shown.Append(character switch
            {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}"),
            });
        }
    }
}

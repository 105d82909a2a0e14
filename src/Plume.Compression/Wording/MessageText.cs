using System.Runtime.CompilerServices;
using System.Text;

namespace Plume.Compression.Wording;

/// <summary>
/// A message that is written as <c>$"Tensor '{name}' ..."</c> where a parameter is of this type: what stands between the braces
/// is made <see cref="Printable"/>, whoever it came from, and the words around it stay as the program has them.
/// </summary>
[InterpolatedStringHandler]
public readonly ref struct MessageText
{
    readonly StringBuilder text;

    /// <summary>An empty message; the compiler calls it.</summary>
    public MessageText(int literalLength, int formattedCount) => text = new StringBuilder(literalLength + 16 * formattedCount);

    /// <summary>Adds words of the program.</summary>
    public void AppendLiteral(string value) => text.Append(value);

    /// <summary>Adds a text of anybody.</summary>
    public void AppendFormatted(string? value) => text.Append(Printable.Line(value));

    /// <summary>Adds a value as it prints itself.</summary>
    public void AppendFormatted<T>(T value, string? format = null) =>
        AppendFormatted(value is IFormattable formattable ? formattable.ToString(format, null) : value?.ToString());

    /// <summary>Adds a value as it prints itself, with blanks to a width.</summary>
    public void AppendFormatted<T>(T value, int alignment, string? format = null)
    {
        int start = text.Length;
        AppendFormatted(value, format);
        int blanks = Math.Abs(alignment) - (text.Length - start);
        if (blanks > 0)
            text.Insert(alignment > 0 ? start : text.Length, new string(' ', blanks));
    }

    /// <summary>The message.</summary>
    public override string ToString() => text.ToString();
}

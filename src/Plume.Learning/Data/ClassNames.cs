using System.Globalization;
using Plume.Compression.Wording;

namespace Plume.Learning.Data;

/// <summary>
/// The classes of a model by name. A label is a class when it is its name, or means the same number or truth: <c>1</c>,
/// <c>1.0</c> and <c>True</c> are one, <c>0</c>, <c>0.0</c> and <c>False</c> another.
/// </summary>
sealed class ClassNames
{
    const int MostShown = 8;

    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> exact;
    readonly Dictionary<int, int> numbers = [];
    readonly IReadOnlyList<string> names;

    /// <summary>Classes of those names, in their order.</summary>
    public ClassNames(IReadOnlyList<string> names)
    {
        this.names = names;
        var all = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < names.Count; i++)
        {
            all[names[i]] = i;
            if (NumberOf(names[i]) is { } number)
                numbers.TryAdd(number, i);
        }

        exact = all.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The classes 0 and up.</summary>
    public static ClassNames Numbered(int classes) =>
        new([.. Enumerable.Range(0, classes).Select(number => number.ToString(CultureInfo.InvariantCulture))]);

    /// <summary>The class that a label stands for, or -1.</summary>
    public int IndexOf(ReadOnlySpan<char> label) =>
        exact.TryGetValue(label, out int index) || NumberOf(label) is { } number && numbers.TryGetValue(number, out index) ? index
            : -1;

    /// <summary>The classes as a message lists them.</summary>
    public override string ToString() => Listing.Of(names, MostShown);

    /// <summary>The whole number from 0 that a label is, with True for 1 and False for 0; null for others.</summary>
    public static int? NumberOf(ReadOnlySpan<char> label)
    {
        if (bool.TryParse(label, out bool truth))
            return truth ? 1 : 0;
        return double.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number is >= 0
            and <= int.MaxValue && number == Math.Floor(number) ? (int)number : null;
    }
}

/// <summary>A few of many names, for a message.</summary>
static class Listing
{
    /// <summary>The first ones, and how many more there are.</summary>
    public static string Of(IReadOnlyCollection<string> names, int most = 12) =>
        string.Join(", ", names.Take(most).Select(name => Printable.Line(name, 40)))
            + (names.Count > most ? $" and {names.Count - most} more" : "");
}

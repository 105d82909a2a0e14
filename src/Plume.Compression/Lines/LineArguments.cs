using System.Globalization;

namespace Plume.Compression.Lines;

/// <summary>One argument in the notation: <c>4</c>, <c>stochastic</c> or <c>block=64</c>.</summary>
/// <param name="Name">The word before <c>=</c>; empty for a positional argument.</param>
/// <param name="Text">The value.</param>
/// <param name="Column">Where it begins in the line, from 1.</param>
public readonly record struct LineArgument(string Name, string Text, int Column);

/// <summary>A word's arguments while they are read. What is left at the end was not known to the word.</summary>
public sealed class LineArguments
{
    readonly string subject;
    readonly string line;
    readonly string word;
    readonly int column;
    readonly List<LineArgument> arguments;
    readonly List<string> known = [];

    internal LineArguments(string subject, string line, string word, int column, List<LineArgument> arguments) =>
        (this.subject, this.line, this.word, this.column, this.arguments) = (subject, line, word, column, arguments);

    /// <summary>Takes the positional argument, if one is left.</summary>
    public LineArgument? Positional(string description)
    {
        known.Add(description);
        return Take(argument => argument.Name.Length == 0);
    }

    /// <summary>Takes the argument <c>name=value</c>, if it is there.</summary>
    public LineArgument? Named(string name)
    {
        known.Add(name + "=...");
        return Take(argument => argument.Name == name);
    }

    /// <summary>Takes the bare word, and says whether it was there.</summary>
    public bool Flag(string word)
    {
        known.Add(word);
        return Take(argument => argument.Name.Length == 0 && argument.Text == word) is not null;
    }

    /// <summary>An integer in its range.</summary>
    public int Integer(LineArgument argument, int minimum, int maximum) =>
        int.TryParse(argument.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= minimum
            && value <= maximum
            ? value
            : throw Error(argument.Column, $"'{argument.Text}' must be an integer from {minimum} to {maximum}");

    /// <summary>A number in plain decimal notation.</summary>
    public double Number(LineArgument argument, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value
            : throw Error(argument.Column, $"'{argument.Text}' is not a number");

    /// <summary>Refuses what the word did not take.</summary>
    public void End()
    {
        if (arguments.Count > 0)
        {
            var (name, text, place) = arguments[0];
            string shown = name.Length == 0 ? text : $"{name}={text}";
            string rule = known.Count == 0 ? "it takes none" : $"it takes {string.Join(", ", known)}";
            throw Error(place, $"'{shown}' is not an argument of {word}; {rule}");
        }
    }

    /// <summary>An error at the word's own place.</summary>
    public FormatException Error(string problem) => Error(column, problem);

    /// <summary>An error at a place in the line.</summary>
    public FormatException Error(int place, string problem) => Line.Error(subject, line, place, problem);

    LineArgument? Take(Predicate<LineArgument> wanted)
    {
        int index = arguments.FindIndex(wanted);
        if (index < 0)
            return null;
        var found = arguments[index];
        arguments.RemoveAt(index);
        return found;
    }
}

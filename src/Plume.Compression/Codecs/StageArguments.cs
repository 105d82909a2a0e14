using System.Globalization;

namespace Plume.Compression.Codecs;

/// <summary>One argument in the notation: <c>4</c>, <c>stochastic</c> or <c>block=64</c>.</summary>
/// <param name="Name">The word before <c>=</c>; empty for a positional argument.</param>
/// <param name="Text">The value.</param>
/// <param name="Column">Where it begins in the codec's text, from 1.</param>
readonly record struct StageArgument(string Name, string Text, int Column);

/// <summary>A stage's arguments while they are read. What is left at the end was not known to the stage.</summary>
sealed class StageArguments(string codec, string stage, int column, List<StageArgument> arguments)
{
    readonly List<string> known = [];

    /// <summary>Takes the positional argument, if one is left.</summary>
    public StageArgument? Positional(string description)
    {
        known.Add(description);
        return Take(argument => argument.Name.Length == 0);
    }

    /// <summary>Takes the argument <c>name=value</c>, if it is there.</summary>
    public StageArgument? Named(string name)
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
    public int Integer(StageArgument argument, int minimum, int maximum) =>
        int.TryParse(argument.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= minimum && value <= maximum
            ? value
            : throw Error(argument.Column, $"'{argument.Text}' must be an integer from {minimum} to {maximum}");

    /// <summary>A number in plain decimal notation.</summary>
    public double Number(StageArgument argument, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value
            : throw Error(argument.Column, $"'{argument.Text}' is not a number");

    /// <summary>Refuses what the stage did not take.</summary>
    public void End()
    {
        if (arguments.Count > 0)
        {
            var (name, text, place) = arguments[0];
            string shown = name.Length == 0 ? text : $"{name}={text}";
            string rule = known.Count == 0 ? "it takes none" : $"it takes {string.Join(", ", known)}";
            throw Error(place, $"'{shown}' is not an argument of {stage}; {rule}");
        }
    }

    /// <summary>An error at the stage's own place.</summary>
    public FormatException Error(string problem) => Error(column, problem);

    /// <summary>An error at a place in the codec's text.</summary>
    public FormatException Error(int place, string problem) => Notation.Error(codec, place, problem);

    StageArgument? Take(Predicate<StageArgument> wanted)
    {
        int index = arguments.FindIndex(wanted);
        if (index < 0)
            return null;
        var found = arguments[index];
        arguments.RemoveAt(index);
        return found;
    }
}

using System.Globalization;
using System.Text.RegularExpressions;
using Plume.Cli.Experiments;
using Plume.Compression.Randomness;

namespace Plume.Cli.Bench;

/// <summary>
/// Random values to measure codecs on, written as <c>normal(10M)</c>, <c>laplace(500k)</c> or <c>sparse(1M, 95%)</c>: the
/// last has that share of zeros, each value by its own draw, and Laplace values between them. What is not zero has mean 0
/// and variance 1.
/// </summary>
sealed partial record Distribution
{
    /// <summary>The most values that one may have.</summary>
    public const int Largest = 1_000_000_000;

    static readonly string[] Words = ["normal", "laplace", "sparse"];

    Distribution(string word, int count, double zeros) => (Word, Count, Zeros) = (word, count, zeros);

    string Word { get; }

    double Zeros { get; }

    /// <summary>Number of values.</summary>
    public int Count { get; }

    /// <summary>Whether the text can be meant as a distribution, rather than as the name of a file.</summary>
    public static bool IsMeant(string text) => text.Contains('(', StringComparison.Ordinal) && text.TrimEnd().EndsWith(')');

    /// <summary>Reads a distribution.</summary>
    /// <exception cref="FormatException">The text breaks a rule; the message has the column.</exception>
    public static Distribution Parse(string text)
    {
        if (Form().Match(text) is not { Success: true } form)
            throw Error(text, 0, "it must be a word and its arguments, such as normal(10M)");
        Group word = form.Groups["word"], zeros = form.Groups["zeros"];
        if (!Words.Contains(word.Value))
            throw Error(text, word.Index,
                $"'{word.Value}' is not a distribution; {Nearest.To(word.Value, Words, "did you mean '{0}'?")}".TrimEnd('.'));
        bool sparse = word.Value == "sparse";
        if (sparse != zeros.Success)
            throw Error(text, word.Index, sparse
                ? "'sparse' takes the number of values and the share of zeros, such as sparse(1M, 95%)"
                : $"'{word.Value}' takes the number of values alone, such as {word.Value}(1M)");
        return new Distribution(word.Value, ParseCount(text, form.Groups["count"]), sparse ? ParseShare(text, zeros) : 0);
    }

    /// <summary>The values; the same key gives the same ones.</summary>
    public float[] Draw(RandomKey key)
    {
        var draws = new RandomDraws(key.Fold(Word));
        var values = new float[Count];
        foreach (ref float value in values.AsSpan())
            value = Word == "normal" ? (float)draws.NextNormal() : draws.NextDouble() < Zeros ? 0 : NextLaplace(ref draws);
        return values;
    }

    static float NextLaplace(ref RandomDraws draws)
    {
        double magnitude = -Math.Log(1 - draws.NextDouble()) / Math.Sqrt(2);
        return (float)((draws.NextBits() & 1) == 0 ? magnitude : -magnitude);
    }

    static int ParseCount(string text, Group group)
    {
        string number = group.Value.TrimEnd('k', 'M', 'G');
        decimal unit = group.Value[number.Length..] switch
        {
            "" => 1,
            "k" => 1000,
            "M" => 1_000_000,
            "G" => 1_000_000_000,
            _ =>
            0
        };
        if (unit == 0 || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out decimal count))
            throw Error(text, group.Index, $"'{group.Value}' must be a number of values, such as 500000, 500k or 10M");
        return count <= Largest && count * unit is >= 1 and <= Largest and var values && values == decimal.Floor(values)
            ? (int)values
            : throw Error(text, group.Index, $"'{group.Value}' must be a whole number of values from 1 to 1G");
    }

    static double ParseShare(string text, Group group) =>
        group.Value.EndsWith('%')
            && double.TryParse(group.Value[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                out double percent) && percent <= 100
            ? percent / 100
            : throw Error(text, group.Index, $"'{group.Value}' must be the share of zeros from 0% to 100%, such as 95%");

    static FormatException Error(string text, int index, string problem) =>
        new($"Distribution '{text}', column {index + 1}: {problem}{(problem.EndsWith('?') ? "" : ".")}");

    [GeneratedRegex(@"^\s*(?<word>[^(\s]+)\s*\(\s*(?<count>[^,)]*?)\s*(,\s*(?<zeros>[^,)]*?)\s*)?\)\s*$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}

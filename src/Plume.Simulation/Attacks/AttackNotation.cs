using Plume.Compression.Lines;

namespace Plume.Simulation.Attacks;

/// <summary>
/// Reads attacks: <c>label-flip</c>, <c>sign</c>, <c>scale(10)</c>, <c>ipm(0.5)</c>, <c>alie(1.5)</c>, <c>min-max</c>,
/// <c>noise(3)</c>.
/// </summary>
public static class AttackNotation
{
    const string Subject = "Attack";
    const double UsualScale = 10;
    const double UsualIpm = 0.5;

    static readonly (string Word, Func<LineArguments, Attack> Read)[] Catalogue =
    [
        (LabelFlip.Keyword, static _ => new LabelFlip()),
        (Reversal.Sign, static _ => new Reversal(Reversal.Sign, 1)),
        (Reversal.Scale, static arguments => new Reversal(Reversal.Scale, Number(arguments, UsualScale))),
        (Reversal.Ipm, static arguments => new Reversal(Reversal.Ipm, Number(arguments, UsualIpm))),
        (LittleIsEnough.Keyword, static arguments => new LittleIsEnough(Number(arguments, LittleIsEnough.Usual))),
        (MinMax.Keyword, static _ => new MinMax()),
        (Noise.Keyword, static arguments => new Noise(Number(arguments, Noise.Usual))),
    ];

    /// <summary>The words of all attacks.</summary>
    public static IEnumerable<string> Words => Catalogue.Select(entry => entry.Word);

    /// <summary>Reads an attack; printing it gives the line back, with its number.</summary>
    /// <exception cref="FormatException">The line is no attack; the message has the column and the known words.</exception>
    public static Attack Parse(string text)
    {
        var words = Line.Read(Subject, text);
        if (words.Count > 1)
            throw Line.Error(Subject, text, words[1].Column, "one attack at a time; ask for each by itself");
        var entry = Array.Find(Catalogue, candidate => candidate.Word == words[0].Word);
        if (entry.Read is null)
            throw Line.Error(Subject, text, words[0].Column,
                $"'{words[0].Word}' is no attack; known are {string.Join(", ", Words)}");
        var attack = entry.Read(words[0].Arguments);
        words[0].Arguments.End();
        return attack;
    }

    static double Number(LineArguments arguments, double usual)
    {
        if (arguments.Positional("a number above 0") is not { } argument)
            return usual;
        double number = arguments.Number(argument, argument.Text);
        return number > 0 ? number
            : throw arguments.Error(argument.Column, $"the number must be above 0, but is {argument.Text}");
    }
}

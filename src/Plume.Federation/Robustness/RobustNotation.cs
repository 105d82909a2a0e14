using Plume.Compression.Lines;

namespace Plume.Federation.Robustness;

/// <summary>
/// Reads rules against hostile clients: <c>trimmed(20%)</c>, <c>nearest(20%) | trimmed(20%)</c>, and of secure sums of groups
/// <c>groups(7) | trimmed(2)</c>.
/// </summary>
public static class RobustNotation
{
    /// <summary>The word of the weighted mean, for which there is no rule.</summary>
    public const string Mean = "mean";

    /// <summary>The word before rules that compare the sums of groups.</summary>
    public const string Groups = "groups";

    const string Subject = "Rule";
    const int MostSteps = 100;
    const int MostGroups = 10_000;

    static readonly (string Word, Func<LineArguments, RobustRule> Read)[] Catalogue =
    [
        (CoordinateMedian.Keyword, static _ => new CoordinateMedian()),
        (TrimmedMean.Keyword, static arguments => new TrimmedMean(Hostile.Parse(arguments))),
        (Krum.Keyword, static arguments => new Krum(Hostile.Parse(arguments), 1)),
        (Krum.SeveralKeyword, static arguments => new Krum(Hostile.Parse(arguments), TakenIn(arguments))),
        (GeometricMedian.Keyword, static _ => new GeometricMedian()),
        (FlTrust.Keyword, FlTrust.Read),
        (CenteredClipping.Keyword, static arguments => new CenteredClipping(RadiusIn(arguments), StepsIn(arguments))),
    ];

    /// <summary>The words that may stand in a line.</summary>
    public static IEnumerable<string> Words => Catalogue.Select(entry => entry.Word).Prepend(Mean).Append(NearestMixing.Keyword)
        .Append(Groups);

    /// <summary>Reads a rule; printing it gives the line back.</summary>
    /// <returns>The rule; null for the mean.</returns>
    /// <exception cref="FormatException">The line is no rule; the message has the column and what is known.</exception>
    public static RobustRule? Parse(string text)
    {
        var words = Line.Read(Subject, text);
        int? groups = words[0].Word == Groups ? GroupsIn(text, words) : null;
        int next = groups is null ? 0 : 1;
        var mixing = words[next].Word == NearestMixing.Keyword ? MixingIn(text, words, next++) : null;
        var last = words[next];
        if (words.Count > next + 1)
            throw Line.Error(Subject, text, words[^1].Column, $"nothing can stand after '{last.Word}'");
        var entry = Array.Find(Catalogue, candidate => candidate.Word == last.Word);
        bool isMean = last.Word == Mean && mixing is null;
        if (entry.Read is null && !isMean)
            throw Line.Error(Subject, text, last.Column, $"'{last.Word}' is no rule here; known are {string.Join(", ", Words)}");
        var rule = entry.Read?.Invoke(last.Arguments) ?? (groups is null ? null : new PlainMean());
        last.Arguments.End();
        if (rule is FlTrust && next > 0)
            throw Line.Error(Subject, text, words[next - 1].Column,
                $"'{words[next - 1].Word}' cannot stand before '{FlTrust.Keyword}', which compares each update with the server's own");
        return rule is null ? null : rule with { Mixing = mixing, Groups = groups };
    }

    static int GroupsIn(string text, IReadOnlyList<LineWord> words)
    {
        var arguments = words[0].Arguments;
        int groups = arguments.Integer(arguments.Positional("the number of groups")
            ?? throw arguments.Error("it needs the number of groups, such as groups(5)"), 2, MostGroups);
        arguments.End();
        return words.Count > 1 ? groups
            : throw Line.Error(Subject, text, text.Length + 1,
                $"a rule must stand after '{Groups}', such as {CoordinateMedian.Keyword}");
    }

    static NearestMixing MixingIn(string text, IReadOnlyList<LineWord> words, int place)
    {
        var mixing = new NearestMixing(Hostile.Parse(words[place].Arguments));
        words[place].Arguments.End();
        return words.Count > place + 1 ? mixing
            : throw Line.Error(Subject, text, text.Length + 1,
                $"a rule must stand after '{NearestMixing.Keyword}', such as {TrimmedMean.Keyword}({mixing.Hostile})");
    }

    static int? TakenIn(LineArguments arguments) => arguments.Positional("the messages that it takes") is { } taken
        ? arguments.Integer(taken, 1, 1_000_000) : null;

    static double? RadiusIn(LineArguments arguments)
    {
        if (arguments.Positional("a radius") is not { } argument)
            return null;
        double radius = arguments.Number(argument, argument.Text);
        return radius > 0 ? radius
            : throw arguments.Error(argument.Column, $"the radius must be above 0, but is {argument.Text}");
    }

    static int StepsIn(LineArguments arguments) => arguments.Named("steps") is { } steps ? arguments.Integer(steps, 1, MostSteps)
        : CenteredClipping.UsualSteps;
}

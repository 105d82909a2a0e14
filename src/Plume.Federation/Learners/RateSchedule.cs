using System.Globalization;
using Plume.Compression.Lines;

namespace Plume.Federation.Learners;

/// <summary>
/// How the clients' learning rate goes from round to round: <c>constant</c>, <c>cosine</c> down to nearly zero, or <c>step(0.1,
/// 15, 25)</c>, by which it is a tenth after round 15 and a hundredth after round 25. <c>warmup(3) | cosine</c> lets it grow over
/// three rounds before.
/// </summary>
/// <remarks>
/// Round t of n: (1 + cos(pi * (t - w - 1) / (n - w))) / 2 by cosine, Factor^(drops before t) by step; in the w rounds of the
/// warm-up t / (w + 1). Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017,
/// arXiv:1608.03983, without restarts and by rounds; the warm-up of Goyal et al., "Accurate, Large Minibatch SGD", 2017,
/// arXiv:1706.02677.
/// </remarks>
public sealed record RateSchedule
{
    const string Subject = "Schedule";
    const int MostRounds = 1_000_000;

    static readonly string[] courses = ["constant", "cosine", "step"];
    readonly string course = courses[0];
    readonly int warmup;
    readonly double factor = 1;
    readonly IReadOnlyList<int> drops = [];

    RateSchedule(int warmup) => this.warmup = warmup;

    RateSchedule(int warmup, LineWord word, string text) : this(warmup)
    {
        course = word.Word;
        if (!courses.Contains(course))
            throw Line.Error(Subject, text, word.Column,
                $"{(course.Length == 0 ? "a word is missing here" : $"'{course}' is no schedule")}; known are "
                    + $"{string.Join(", ", courses)}, and warmup before one of them");
        if (course == "step")
            (factor, drops) = ReadSteps(word.Arguments);
        word.Arguments.End();
    }

    /// <summary>The same rate in all rounds.</summary>
    public static RateSchedule Constant { get; } = new(warmup: 0);

    /// <summary>Reads the notation; printing gives it back.</summary>
    /// <exception cref="FormatException">The line breaks a rule; the message has the column.</exception>
    public static RateSchedule Parse(string text)
    {
        var words = Line.Read(Subject, text);
        int warmup = words[0].Word == "warmup" ? ReadWarmup(words[0].Arguments) : 0;
        int most = warmup > 0 ? 2 : 1;
        if (words.Count > most)
            throw Line.Error(Subject, text, words[most].Column,
                $"'{words[most].Word}' cannot stand after '{words[most - 1].Word}'; only warmup may stand before another word");
        return warmup > 0 && words.Count == 1 ? new RateSchedule(warmup) : new RateSchedule(warmup, words[^1], text);
    }

    /// <summary>Whether its last rounds hardly learn.</summary>
    public bool FadesOut => course == "cosine";

    /// <summary>What the rate is multiplied by.</summary>
    /// <param name="round">The round, from 1.</param>
    /// <param name="rounds">How many there are; after them it stays what it was.</param>
    public double FactorIn(int round, int rounds) => round <= warmup
        ? round / (warmup + 1.0)
        : course switch
        {
            "cosine" => (1 + Math.Cos(Math.PI * (Math.Min(round, rounds) - warmup - 1) / (rounds - warmup))) / 2,
            "step" => Math.Pow(factor, drops.Count(drop => drop < round)),
            _ => 1,
        };

    /// <summary>Why a federation of so many rounds cannot have it; null where it can.</summary>
    public string? Misfit(int rounds)
    {
        int last = drops.Count > 0 ? Math.Max(warmup, drops[^1]) : warmup;
        return last == 0 || last < rounds ? null
            : $"The schedule '{this}' changes the learning rate until round {last}, but there are {rounds}: let it end "
                + $"earlier, or run more rounds.";
    }

    /// <summary>Whether two print alike.</summary>
    public bool Equals(RateSchedule? other) => other?.ToString() == ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>The notation.</summary>
    public override string ToString()
    {
        string after = course == "step"
            ? string.Create(CultureInfo.InvariantCulture, $"step({factor:R}, {string.Join(", ", drops)})") : course;
        return warmup == 0 ? after : string.Create(CultureInfo.InvariantCulture, $"warmup({warmup}) | {after}");
    }

    static int ReadWarmup(LineArguments arguments)
    {
        int rounds = arguments.Positional("rounds") is { } argument ? arguments.Integer(argument, 1, MostRounds)
            : throw arguments.Error("warmup needs its rounds, such as warmup(3)");
        arguments.End();
        return rounds;
    }

    static (double Factor, IReadOnlyList<int> Drops) ReadSteps(LineArguments arguments)
    {
        if (arguments.Positional("factor") is not { } first)
            throw arguments.Error("step needs a factor and the rounds after which the rate drops, such as step(0.1, 15, 25)");
        double factor = arguments.Number(first, first.Text);
        if (!(factor > 0 && factor < 1))
            throw arguments.Error(first.Column, $"'{first.Text}' must be above 0 and below 1");
        var drops = new List<int>();
        while (arguments.Positional("rounds") is { } drop)
            drops.Add(arguments.Integer(drop, drops.Count == 0 ? 1 : drops[^1] + 1, MostRounds));
        return drops.Count > 0 ? (factor, drops)
            : throw arguments.Error("step needs the rounds after which the rate drops, such as step(0.1, 15, 25)");
    }
}

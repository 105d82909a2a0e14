using System.Globalization;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;
using Plume.Federation.Rounds.Buffering;

namespace Plume.Simulation;

/// <summary>
/// The links of all clients, in one line: <c>lognormal(down=20, up=5, spread=0.5) | latency(50ms) | dropout(0%..10%)</c>. Each
/// client's is drawn from the seed once, for the whole run.
/// </summary>
/// <remarks>
/// Units: Mbit/s of a million bits, seconds or milliseconds, chances. Links say how long a round would take; no bit of a run
/// depends on them but by <see cref="DropOut"/>, and where rounds are buffered by who answers first.
/// </remarks>
/// <param name="Speed">How fast they are.</param>
/// <param name="Latency">Seconds that asking and answering take in a round, beside transfer: drawn uniformly between
/// both.</param>
/// <param name="DropOut">Chance of a client that it vanishes in a round, drawn uniformly between both; null where links say
/// nothing of it.</param>
public sealed record Links(LinkSpeed Speed, (double Least, double Most) Latency = default,
    (double Least, double Most)? DropOut = null)
{
    const string Subject = "Links";
    const string LatencyWord = "latency", DropOutWord = "dropout", WorkWord = WorkTime.Word;
    const double LongestLatency = 3600;

    /// <summary>The words that may stand in a line.</summary>
    public static IEnumerable<string> Words => [.. LinkSpeed.Words, LatencyWord, DropOutWord, WorkWord];

    /// <summary>How long clients work; null where the time that they take on this machine counts.</summary>
    public WorkTime? Work { get; init; }

    /// <summary>Reads a line; printing it gives it back.</summary>
    /// <exception cref="FormatException">The line breaks a rule; the message has the column.</exception>
    public static Links Parse(string text)
    {
        var words = Line.Read(Subject, text);
        if (words.GroupBy(word => word.Word).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw Line.Error(Subject, text, twice.Last().Column, $"'{twice.Key}' stands there already");
        LinkSpeed? speed = null;
        (double, double) latency = default;
        (double, double)? dropOut = null;
        WorkTime? work = null;
        foreach (var word in words)
        {
            if (word.Word == LatencyWord)
                latency = LatencyOf(word.Arguments);
            else if (word.Word == DropOutWord)
                dropOut = DropOutOf(word.Arguments);
            else if (word.Word == WorkWord)
                work = WorkTime.Parse(word.Arguments);
            else if (speed is not null && LinkSpeed.Words.Contains(word.Word))
                throw Line.Error(Subject, text, word.Column,
                    $"'{word.Word}' cannot stand beside '{speed}': links have one distribution of speeds");
            else
                speed = LinkSpeed.Parse(word)
                    ?? throw Line.Error(Subject, text, word.Column,
                        $"{(word.Word.Length == 0 ? "a word is missing here" : $"'{word.Word}' says nothing of links")}; known "
                            + $"are {string.Join(", ", Words)}");
            word.Arguments.End();
        }

        return speed is null
            ? throw Line.Error(Subject, text, 1, "links need their speeds, such as lognormal(down=20, up=5, spread=0.5)")
            : new Links(speed, latency, dropOut) { Work = work };
    }

    /// <summary>A client's own link.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="client">The client's number.</param>
    public ClientLink Of(ulong seed, int client)
    {
        var key = RandomKey.FromSeed(seed).Fold("links").Fold((ulong)client);
        var draws = new RandomDraws(key.Fold("speed"));
        var (down, up) = Speed.Draw(ref draws);
        double? dropOut = DropOut is { } chance ? Between(chance, key.Fold(DropOutWord)) : null;
        return new ClientLink(down, up, Between(Latency, key.Fold(LatencyWord)), dropOut)
        {
            Work = Work?.Of(key.Fold(WorkWord)),
        };
    }

    /// <summary>Why they cannot say who answers first where rounds are buffered; null where they can.</summary>
    public string? MisfitTo(Buffered rhythm) => Work is not null ? null
        : $"In '{rhythm}' who answers first depends on how long clients work, which these links do not say: write "
            + $"'{this} | {WorkTime.Word}(10s, spread=0.5)', or leave links out.";

    /// <summary>The notation.</summary>
    public override string ToString()
    {
        string latency = Latency == default ? "" : $" | {LatencyWord}({Ends(Latency, Time)})";
        return $"{Speed}{latency}{(DropOut is { } chance ? $" | {DropOutWord}({Ends(chance, Share)})" : "")}"
            + (Work is null ? "" : $" | {Work}");
    }

    static double Between((double Least, double Most) ends, RandomKey key)
    {
        var draws = new RandomDraws(key);
        return ends.Least + (ends.Most - ends.Least) * draws.NextDouble();
    }

    static (double, double) LatencyOf(LineArguments arguments) => RangeOf(arguments, arguments.Positional("time"),
        "latency needs a time, such as 50ms or 20ms..200ms", "a time", LongestLatency, SecondsOf);

    internal static double? SecondsOf(string text) => text.EndsWith("ms", StringComparison.Ordinal)
        ? NumberOf(text[..^2]) / 1000
        : text.EndsWith('s') ? NumberOf(text[..^1]) : null;

    static (double, double) DropOutOf(LineArguments arguments)
    {
        var argument = arguments.Positional("chance");
        var chance = RangeOf(arguments, argument, "dropout needs a chance, such as 5% or 0%..20%", "a chance", 1,
            text => text.EndsWith('%') ? (double?)((decimal?)NumberOf(text[..^1]) / 100) : null);
        return chance.Most < 1 ? chance
            : throw arguments.Error(argument!.Value.Column, "a client that always vanishes is none: chances must be below 100%");
    }

    static (double Least, double Most) RangeOf(LineArguments arguments, LineArgument? argument, string missing, string what,
        double most, Func<string, double?> read)
    {
        if (argument is not { } given)
            throw arguments.Error(missing);
        string[] ends = given.Text.Split("..");
        return ends.Length <= 2 && read(ends[0]) is >= 0 and var low && read(ends[^1]) is { } high && high >= low && high <= most
            ? (low, high)
            : throw arguments.Error(given.Column,
                $"'{given.Text}' must be {what} or two, the lesser first, {missing.Split(", ", 2)[1]}");
    }

    internal static double? NumberOf(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number < 1e9
            ? number : null;

    internal static string Ends((double Least, double Most) ends, Func<double, string> print) => ends.Least == ends.Most
        ? print(ends.Least) : $"{print(ends.Least)}..{print(ends.Most)}";

    static string Time(double seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{(decimal)seconds * 1000:0.############}ms");

    static string Share(double chance) => string.Create(CultureInfo.InvariantCulture, $"{(decimal)chance * 100:0.############}%");
}

using System.Globalization;
using Plume.Compression.Lines;

namespace Plume.Federation.Rounds.Buffering;

/// <summary>
/// Buffered asynchronous rounds: as many clients as a plan has participants are at work at any time, each on the version that
/// was newest when it was asked. As soon as <see cref="Updates"/> of them have answered, their updates make the next version,
/// and whoever is still at work stays there. Nobody waits for the slowest.
/// </summary>
/// <remarks>
/// An update has staleness tau, the number of versions made since the one that it started from, and weighs
/// <c>1 / sqrt(1 + tau)</c> times what it weighs otherwise; with more than <see cref="MostStale"/> it is refused. An update is
/// a difference from the model that its client had, so that no older version is needed to add it up. Bytes: an update each, and
/// the way from one version to a later one for each task. Remembers: who is at work since which round.
/// The weighted updates are divided as if none were stale, so that stale ones make a smaller step.
/// Source: Nguyen et al., "Federated Learning with Buffered Asynchronous Aggregation", AISTATS 2022, arXiv:2106.06639. Differs
/// from it: samples weigh, too, a client counts once in a version, and an update that is too old counts not at all.
/// </remarks>
/// <param name="Updates">Updates that make a version.</param>
/// <param name="MostStale">Most versions that may be made between an update's own and the one that takes it in.</param>
public sealed record Buffered(int Updates, int MostStale = Buffered.UsualMostStale)
{
    /// <summary>The bound on staleness where none is said.</summary>
    public const int UsualMostStale = 20;

    /// <summary>The word of rounds that are not buffered: a round waits for the clients that it asked.</summary>
    public const string Synchronous = "synchronous";

    const string Subject = "Rhythm", Word = "buffered";
    const int Most = 1_000_000;

    /// <summary>Reads a rhythm; printing it gives the line back.</summary>
    /// <returns>Null for <see cref="Synchronous"/>.</returns>
    /// <exception cref="FormatException">The line breaks a rule; the message has the column.</exception>
    public static Buffered? Parse(string text)
    {
        var words = Line.Read(Subject, text);
        var (word, column, arguments) = words[0];
        if (words.Count > 1)
            throw Line.Error(Subject, text, words[1].Column, $"nothing can stand after '{word}'");
        var rhythm = word switch
        {
            Synchronous => null,
            Word => Read(arguments),
            _ => throw Line.Error(Subject, text, column, $"{(word.Length == 0 ? "a word is missing here" : $"'{word}' is no rhythm")}"
                + $"; known are {Synchronous}, {Word}"),
        };
        arguments.End();
        return rhythm;
    }

    /// <summary>What an update weighs for its staleness: its share of what a fresh one weighs.</summary>
    public static double WeightOf(int staleness) => 1 / Math.Sqrt(1.0 + staleness);

    /// <summary>Every rule between buffered rounds and the rest of the plan that is broken, in sentences.</summary>
    public IEnumerable<string> Problems(FederationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (Updates < 1 || Updates > plan.Clients)
            yield return $"The updates that make a version are of as many clients and must be 1 to {plan.Clients}, the number of "
                + $"clients, but are {Updates}.";
        if (MostStale < 0)
            yield return $"The most versions that an update may be behind must be 0 or more, but is {MostStale}.";
        if (plan.OverSelection > 1)
            yield return $"In '{this}' whoever vanishes is replaced at once, so over-selection says nothing: leave it out, or let "
                + $"more participants be at work.";
        if (plan.Fixed is not null)
            yield return $"In '{this}' the next client is asked when another has answered, so a file cannot name the participants of "
                + $"rounds: let the partition name none, or let the rhythm be {Synchronous}.";
        if (!plan.Method.TakesStale)
            yield return $"In '{this}' clients answer from different versions, and '{plan.Method}' needs those of one: train by "
                + $"'averaging' (any server optimizer may follow), or let the rhythm be {Synchronous}.";
        if (plan.Rule is not null)
            yield return $"In '{this}' updates weigh less the staler they are, and '{plan.Rule}' takes all alike: let the rule be the "
                + $"mean, with the bound on norms, or the rhythm {Synchronous}.";
        if (plan.Privacy is not null)
            yield return $"Privacy is counted by rounds whose clients are drawn together, which those of '{this}' are not: let the "
                + $"rhythm be {Synchronous}.";
        if (plan.Uplink.IsSecure)
            yield return $"A secure sum is of clients that work together, on one version, and in '{this}' they do not: let the rhythm "
                + $"be {Synchronous}, or take 'secure' out of the uplink.";
        else if (plan.Uplink.UsesReference)
            yield return $"The uplink '{plan.Uplink}' is decoded against the version that its client had, and in '{this}' those differ: "
                + $"take 'mask' out, or let the rhythm be {Synchronous}.";
    }

    /// <summary>The notation.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Word}({Updates}{(MostStale == UsualMostStale ? "" : $", stale={MostStale}")})");

    static Buffered Read(LineArguments arguments) => new(
        arguments.Positional("the updates that make a version") is { } updates ? arguments.Integer(updates, 1, Most)
            : throw arguments.Error($"{Word} needs the updates that make a version, such as {Word}(10)"),
        arguments.Named("stale") is { } stale ? arguments.Integer(stale, 0, Most) : UsualMostStale);
}

using System.Globalization;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;

namespace Plume.Federation.Selection;

/// <summary>
/// Participants that need few bytes to come to the newest model: a part of each draw is uniform over all members, the rest are
/// those that took part last and so miss the fewest versions.
/// </summary>
/// <remarks>
/// It changes what is learned from: whoever took part lately takes part again, so that a run of few rounds sees fewer clients,
/// and their samples count for more. The mean is not weighed against that. Nobody is left out for ever: each member's chance
/// to be in a round is at least that of the uniform part, ceil(share of the participants) in all members, whatever was before.
/// Bytes: what members miss decides what they download; see docs/benchmarks.md. Remembers: the round that each client
/// answered in last.
/// The idea of a group that stays together for some rounds is that of He et al., "GlueFL: Reconciling Client Sampling and Model
/// Masking for Bandwidth Efficient Federated Learning", MLSys 2023, arXiv:2212.01523; it weighs the group's updates so that their
/// mean is unbiased and has a size for it, which this does not: the group is whoever answered last.
/// </remarks>
/// <param name="UniformPercent">Of each draw, percent that are uniform, rounded up; from 1 to 100.</param>
public sealed record CheapSelection(int UniformPercent = CheapSelection.UsualPercent)
{
    /// <summary>The uniform part where none is said.</summary>
    public const int UsualPercent = 20;

    /// <summary>The word of draws that know nothing of versions.</summary>
    public const string Uniform = "uniform";

    const string Subject = "Selection", Word = "cheap";
    const int All = 100;

    /// <summary>Reads a selection; printing it gives the line back.</summary>
    /// <returns>Null for <see cref="Uniform"/>.</returns>
    /// <exception cref="FormatException">The line breaks a rule; the message has the column.</exception>
    public static CheapSelection? Parse(string text)
    {
        var words = Line.Read(Subject, text);
        var (word, column, arguments) = words[0];
        if (words.Count > 1)
            throw Line.Error(Subject, text, words[1].Column, $"nothing can stand after '{word}'");
        var selection = word switch
        {
            Uniform => null,
            Word => Read(arguments),
            _ => throw Line.Error(Subject, text, column, $"{(word.Length == 0 ? "a word is missing here" : $"'{word}' is no selection")}"
                + $"; known are {Uniform}, {Word}"),
        };
        arguments.End();
        return selection;
    }

    /// <summary>A number of clients (all, if there are no more), in ascending order.</summary>
    /// <param name="clients">How many there are.</param>
    /// <param name="count">How many are drawn.</param>
    /// <param name="key">Where the draw comes from: the uniform part is the beginning of what a uniform draw by it is, which also
    /// decides among clients that took part in the same round.</param>
    /// <param name="lastOf">The round that each client answered in last; 0 for one that never did.</param>
    public int[] Select(int clients, int count, RandomKey key, Func<int, int> lastOf)
    {
        ArgumentNullException.ThrowIfNull(lastOf);
        int[] order = UniformSelection.Order(clients, key);
        int drawn = (int)(((long)count * UniformPercent + All - 1) / All);
        // A stable sort: those of one round stay in the order of the draw.
        return [.. order.Take(drawn).Concat(order.Skip(drawn).OrderByDescending(lastOf)).Take(count).Order()];
    }

    /// <summary>The notation.</summary>
    public override string ToString() => UniformPercent == UsualPercent ? Word
        : string.Create(CultureInfo.InvariantCulture, $"{Word}(uniform={UniformPercent}%)");

    static CheapSelection Read(LineArguments arguments)
    {
        if (arguments.Named("uniform") is not { } share)
            return new();
        return share.Text.EndsWith('%') && int.TryParse(share.Text.AsSpan(0, share.Text.Length - 1), NumberStyles.None,
            CultureInfo.InvariantCulture, out int percent) && percent is >= 1 and <= All
            ? new(percent)
            : throw arguments.Error(share.Column, $"'{share.Text}' must be a share of each draw from 1% to {All}%, in whole percent");
    }
}

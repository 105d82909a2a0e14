using Plume.Compression.Aggregation;

namespace Plume.Federation.Robustness;

/// <summary>
/// How a round's messages become one where a minority of clients may be hostile, in place of their weighted mean. All messages
/// count alike, whatever their clients say of samples, and one beyond the norm bound counts as one of the usual size. Source: its
/// own record's.
/// </summary>
/// <remarks>
/// A rule compares messages with one another, so the server must be able to read each. Of a secure sum it can read none, and
/// compares the means of groups, each with a sum of its own (<c>groups(5) | median</c>): then one hostile client makes its whole
/// group hostile. Clients with different data differ honestly; the fewer values an uplink keeps of each update, the less a rule
/// by coordinate sees of what they have in common. The weakest codec for it is a top-k by client.
/// </remarks>
public abstract record RobustRule
{
    /// <summary>Before the rule each message becomes the mean of those nearest to it, all but so many; null for none.</summary>
    public NearestMixing? Mixing { get; init; }

    /// <summary>
    /// Groups of clients whose means stand for messages, each out of a secure sum of its own; null where messages are seen.
    /// </summary>
    public int? Groups { get; init; }

    /// <summary>
    /// The fewest groups that a round needs: more than half of them, and as many as the rule works on. Null without groups, or
    /// where it cannot work on all of them.
    /// </summary>
    public int? FewestGroups
    {
        get
        {
            if (Groups is not { } all || Misfit(all) is not null)
                return null;
            int fewest = all;
            while (2 * (fewest - 1) > all && Misfit(fewest - 1) is null)
                fewest--;
            return fewest;
        }
    }

    /// <summary>
    /// Why it cannot work on so few messages, the end of a sentence that begins with the rule; null where it can.
    /// </summary>
    /// <param name="messages">The fewest that a round may have.</param>
    public string? Misfit(int messages)
    {
        int fewest = FewestFor(messages);
        if (messages < fewest)
            return $"needs {fewest} messages or more, but a round may have {messages}";
        return Mixing?.Misfit(messages);
    }

    /// <summary>The fewest messages for what it withstands of so many.</summary>
    private protected abstract int FewestFor(int messages);

    /// <summary>Whether it takes or leaves whole messages, so that their size as sent tells it which.</summary>
    internal virtual bool ChoosesWhole => false;

    /// <summary>Whether it is shown, after the messages, the update that the server makes of samples of its own.</summary>
    internal virtual bool ComparesWithRoot => false;

    /// <summary>The factor of each message in the result; null where the rule goes by coordinate.</summary>
    internal virtual double[]? Weigh(RowDistances distances) => null;

    /// <summary>One value of each column, where the rule goes by coordinate.</summary>
    /// <param name="sorted">Each column in ascending order.</param>
    /// <param name="result">As long as the columns.</param>
    internal virtual void Combine(RowBlock sorted, Span<float> result) =>
        throw new NotSupportedException($"{this} weighs messages.");

    /// <summary>The rule's own word with its arguments.</summary>
    private protected abstract string Word { get; }

    /// <summary>The rule in its notation.</summary>
    public sealed override string ToString() => string.Join(" | ",
        [.. Groups is { } groups ? [$"{RobustNotation.Groups}({groups})"] : Array.Empty<string>(),
            .. Mixing is { } mixing ? [mixing.ToString()] : Array.Empty<string>(), Word]);
}

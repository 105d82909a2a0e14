using System.Globalization;
using Plume.Compression.Aggregation;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;

namespace Plume.Federation.Models;

/// <summary>A message that counts, as its host keeps it.</summary>
/// <param name="Client">Whose it is.</param>
/// <param name="IsFloats">Whether it came as 32-bit floats, and not by the uplink's codec.</param>
/// <param name="Payload">Reads its bytes, maybe more than once.</param>
public sealed record RoundMessage(int Client, bool IsFloats, Func<ReadOnlyMemory<byte>> Payload);

/// <summary>The messages of a round that count, as rows for a rule. Each is decoded whenever columns of it are read.</summary>
public sealed class RoundMessages : IMessageRows
{
    readonly RoundSum sum;
    readonly IReadOnlyList<RoundMessage> messages;
    readonly float[] values;

    /// <param name="sum">Knows how messages of the round are read.</param>
    /// <param name="messages">The messages, in the order of their clients.</param>
    public RoundMessages(RoundSum sum, IReadOnlyList<RoundMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(sum);
        ArgumentNullException.ThrowIfNull(messages);
        (this.sum, this.messages, values) = (sum, messages, new float[sum.Sum.Length]);
    }

    /// <inheritdoc/>
    public int Count => messages.Count;

    /// <inheritdoc/>
    public int Length => values.Length;

    /// <inheritdoc/>
    public void Read(int first, RowBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        for (int row = 0; row < messages.Count; row++)
        {
            var (client, isFloats, payload) = messages[row];
            sum.Decode(client, payload(), values, isFloats);
            values.AsSpan(first, block.Columns).CopyTo(block[row]);
        }
    }

    /// <summary>
    /// What the plan's rule makes of them, those beyond the round's bound on norms scaled to the usual size before.
    /// </summary>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="round">The round.</param>
    /// <param name="root">The server's own update, for a rule that compares with one.</param>
    /// <exception cref="Compression.Wire.InvalidPayloadException">A message cannot be read any more.</exception>
    public RobustOutcome Combine(FederationPlan plan, RoundPlan round, ReadOnlyMemory<float> root = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(round);
        return RobustMean.Of(plan.Rule!, this, norm => plan.ScaleOf(norm, round), root);
    }

    /// <summary>
    /// Which messages the rule left out or cut to less than half of an equal part, and which are far from what it made, in
    /// sentences.
    /// </summary>
    public IEnumerable<string> Notes(RobustRule rule, RobustOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(outcome);
        return RuleNotes.Of(rule, outcome,
            row => string.Create(CultureInfo.InvariantCulture, $"update of client {messages[row].Client}"));
    }
}

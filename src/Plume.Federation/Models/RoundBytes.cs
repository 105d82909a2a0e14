using System.Collections.Immutable;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Budgets;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Budgeting;

namespace Plume.Federation.Models;

/// <summary>What a budget of bytes must know of messages and catch-ups, by encoding them.</summary>
public static class RoundBytes
{
    // Catch-ups that are made to know their size; each takes as long as encoding a model.
    const int MostCatchUps = 32;

    // A byte of a clip, and what is counted beside the parts.
    const int Slack = 16;

    // Far from any step that a line names, and yet a float with all its bits.
    const float Small = 1e-20f;

    // Steps so coarse that nothing is left but what every payload has.
    const float CoarsestStep = 1e10f;

    /// <summary>What messages take by a plan; null where it has no budget.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="layout">The model's tensors.</param>
    public static MessageBytes? Of(FederationPlan plan, ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(layout);
        if (plan.Budget is null)
            return null;
        var (published, answer) = (plan.Published(layout), plan.Answer(layout));
        var small = new float[answer.Length];
        var draws = new RandomDraws(default);
        for (int i = 0; i < small.Length; i++)
            small[i] = Small * (float)draws.NextNormal();
        long least = new MessageEncoder(answer).Encode(small, default, new float[answer.MemoryLength],
            answer.UsesReference ? new float[answer.Length] : default, step: CoarsestStep).Length;
        long most = new MessageEncoder(ReceivedModel.AsFloats(answer)).Encode(new float[answer.Length], default).Length + Slack;
        long whole = new MessageEncoder(ReceivedModel.AsFloats(published)).Encode(new float[published.Length], default).Length;
        return new MessageBytes(whole + Slack, least, Math.Max(least, most));
    }

    /// <summary>Why a plan's budget does not pay for one round, with the smallest that does; null where it does.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="isDownloaded">Whether clients download version 0, as on a network.</param>
    public static string? Misfit(FederationPlan plan, ModelLayout layout, bool isDownloaded) =>
        Of(plan, layout) is { } bytes ? new BudgetRules(plan, bytes).Misfit(isDownloaded) : null;

    /// <summary>What the version published last tells a budget: its bytes, and what leads to it.</summary>
    /// <param name="state">How the federation stands while its round is applied.</param>
    /// <param name="broadcast">What was published.</param>
    /// <returns>Null where the plan has no budget.</returns>
    public static PublishedBytes? Published(FederationState state, Broadcast broadcast)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(broadcast);
        if (state.Spending.Accounts.IsEmpty)
            return null;
        var held = state.Spending.Accounts.Values.Select(account => account.Version).OfType<int>().GroupBy(version => version)
            .OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key).Take(MostCatchUps)
            .Select(group => group.Key);
        return new PublishedBytes(broadcast.Lengths[^1],
            held.ToImmutableSortedDictionary(version => version, version => broadcast.From(version).Length));
    }
}

using System.Globalization;
using Plume.Compression.Aggregation;
using Plume.Compression.Weights;
using Plume.Federation.Models;
using Plume.Federation.Privacy;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;

namespace Plume.Federation.SecureRounds;

/// <summary>
/// What a round's secure sums come to: their mean within the bound on norms, or what the plan's rule makes of the means of
/// groups, which count alike and of which each is within the bound.
/// </summary>
public sealed class SumOutcome
{
    readonly Func<GlobalModel, NoiseSecret?, IReadOnlyList<byte[]>> apply;

    SumOutcome(Func<GlobalModel, NoiseSecret?, IReadOnlyList<byte[]>> apply, string? note, IReadOnlyList<string> notes) =>
        (this.apply, Note, Notes) = (apply, note, notes);

    /// <summary>Which sums count at less than their size, for the operator; null where all count as they are.</summary>
    public string? Note { get; }

    /// <summary>Which groups the rule left out, and which are far from what it made, in sentences.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Makes and publishes the next version of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="noise">Where a server's noise comes from.</param>
    public IReadOnlyList<byte[]> Apply(GlobalModel model, NoiseSecret? noise) => apply(model, noise);

    /// <summary>What sums come to.</summary>
    /// <param name="revealed">The sums.</param>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="layout">The server's model.</param>
    /// <param name="round">The round.</param>
    /// <param name="zeros">A sum of zeros, which becomes the round's where no rule compares groups.</param>
    /// <exception cref="SumLostException">They are beyond what a model can take.</exception>
    public static SumOutcome Of(RevealedSums revealed, FederationPlan plan, ModelLayout layout, RoundPlan round, ExactSum zeros)
    {
        ArgumentNullException.ThrowIfNull(revealed);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(round);
        return plan.Rule is { } rule ? Compared(rule, revealed, plan, round) : Summed(revealed, plan, layout, round, zeros);
    }

    // Those of each capacity for themselves, one after another.
    static SumOutcome Summed(RevealedSums revealed, FederationPlan plan, ModelLayout layout, RoundPlan round, ExactSum sum)
    {
        int[] lengths = [.. plan.ModelsOf(layout).Select(model => plan.Answer(model.Layout).Length)];
        var (weights, notes) = (new double[lengths.Length], new List<string>());
        foreach (var group in revealed.Groups)
        {
            int capacity = plan.Method.CapacityOf(group.Clients[0]);
            var bounded = BoundedSum.Of(group.Sum, plan, round);
            bounded.AddTo(sum.Slice(lengths.Take(capacity).Sum(), lengths[capacity]));
            weights[capacity] = group.Sum.Weight;
            if (bounded.Note is { } note)
                notes.Add(note);
        }

        return new SumOutcome((model, noise) => model.Apply(sum, weights, revealed.Count, noise),
            notes.Count == 0 ? null : string.Join(" ", notes), []);
    }

    static SumOutcome Compared(RobustRule rule, RevealedSums revealed, FederationPlan plan, RoundPlan round)
    {
        var means = new GroupMeans(revealed);
        var outcome = RobustMean.Of(rule, means, norm => plan.ScaleOf(norm, round));
        string[] names = [.. revealed.Groups.Select(NameOf)];
        string note = string.Join(" ", revealed.Groups.Zip(names)
            .Where(group => plan.ScaleOf(group.First.Sum.MeanNorm, round) < 1)
            .Select(group => string.Create(CultureInfo.InvariantCulture,
                $"The {group.Second} counts as one of norm {round.UsualNorm:g3}, the usual one in round {round.Round}: its own "
                    + $"is {group.First.Sum.MeanNorm:g3}.")));
        return new SumOutcome((model, _) => model.Apply(outcome.Mean, revealed.Count), note.Length == 0 ? null : note,
            [.. RuleNotes.Of(rule, outcome, row => names[row])]);
    }

    static string NameOf(RevealedGroup group) => string.Create(CultureInfo.InvariantCulture,
        $"mean of group {group.Number + 1} (clients {string.Join(", ", group.Clients)})");

    // The mean of each group as a row.
    sealed class GroupMeans(RevealedSums revealed) : IMessageRows
    {
        readonly float[][] means = [.. revealed.Groups.Select(group => group.Sum.Mean())];

        public int Count => means.Length;

        public int Length => means[0].Length;

        public void Read(int first, RowBlock block)
        {
            for (int row = 0; row < means.Length; row++)
                means[row].AsSpan(first, block.Columns).CopyTo(block[row]);
        }
    }
}

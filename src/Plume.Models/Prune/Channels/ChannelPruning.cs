using Plume.Models.Graph;

namespace Plume.Models.Prune.Channels;

/// <summary>Among which channels the lowest are looked for.</summary>
public enum ChannelScope
{
    /// <summary>All channels of the model together: layers end up with different shares.</summary>
    Global,

    /// <summary>Each group for itself: all keep about the same share of their channels.</summary>
    Layer,
}

/// <summary>
/// Removes neurons and channels, lowest score first, until so much of the model is left; its tensors really shrink.
/// </summary>
/// <remarks>
/// The result is the largest such model that is not over the share; where even the fewest channels are over it, these are kept,
/// and <see cref="PrunedModel.IsReached"/> says so. Of equal scores the later channels go first. Outputs of the graph never go.
/// </remarks>
/// <param name="Keep">The share of the measure that is left, above 0 and up to 1.</param>
/// <param name="Measure">Of what.</param>
/// <param name="Scope">All channels ranked together, or those of each group.</param>
/// <param name="Score">What tells which channels matter; null for <see cref="ChannelNorm"/>.</param>
public sealed record ChannelPruning(
    double Keep,
    ChannelMeasure Measure = ChannelMeasure.Parameters,
    ChannelScope Scope = ChannelScope.Global,
    ChannelScore? Score = null)
{
    /// <summary>The share of the measure that is left.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The share is not above 0 and up to 1.</exception>
    public double Keep { get; init => field = Share(value); } = Share(Keep);

    /// <summary>Channels that each group keeps, or all of them where it has fewer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public int Fewest { get; init => field = Positive(value); } = 1;

    /// <summary>
    /// What the number of channels that a group keeps is divisible by, if it loses any: 8 or 16 suits the registers of a
    /// processor.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public int Multiple { get; init => field = Positive(value); } = 1;

    /// <summary>Names of tensors that must not change, and so of channels that stay.</summary>
    public IReadOnlyCollection<string> LeaveAlone { get; init; } = [];

    /// <summary>The smaller model.</summary>
    /// <exception cref="Compression.Wire.InvalidPayloadException">The shapes cannot be inferred: an operator is unknown, or does
    /// not fit its inputs.</exception>
    /// <exception cref="ArgumentException"><see cref="LeaveAlone"/> names a tensor that is not there, or a score is not a
    /// number.</exception>
    public PrunedModel Apply(ModelGraph graph)
    {
        var groups = ChannelGroups.Of(graph, LeaveAlone);
        var score = Score ?? new ChannelNorm();
        var scores = score.Of(groups);
        int[][] order = Order(groups, scores);
        var cost = ChannelCost.Of(groups, Measure);
        bool[] removed = new bool[groups.Groups.Sum(group => group.Channels)];
        long all = cost.Without(removed);
        // The longer the prefix that goes, the less is left.
        int few = 0, many = order.Length;
        while (few < many)
        {
            int middle = (few + many) / 2;
            if (cost.Without(First(order, middle, removed.Length)) <= Keep * all)
                many = middle;
            else
                few = middle + 1;
        }

        removed = First(order, few, removed.Length);
        var unscored = groups.Groups.Zip(scores).Where(pair => pair.Second is null)
            .SelectMany(pair => pair.First.Slices.Where(slice => slice.Use == ChannelUse.Produces))
            .Select(slice => new Unprunable(slice.Tensor, score.Missing));
        return ChannelRemoval.From(groups, removed) with
        {
            Measure = Measure,
            Target = Keep,
            Reached = all == 0 ? 1 : (double)cost.Without(removed) / all,
            Unprunable = [.. groups.Unprunable, .. unscored],
        };
    }

    // Handfuls of channels that may go, in the order in which they go. A handful is one channel, or as many as bring the group
    // to the next multiple; it is as important as its most important channel.
    int[][] Order(ChannelGroups groups, IReadOnlyList<double[]?> scores)
    {
        var handfuls = new List<(double Key, int Group, int[] Channels)>();
        int first = 0;
        for (int group = 0; group < groups.Groups.Count; group++)
        {
            int count = groups.Groups[group].Channels;
            if (scores[group] is { } values)
            {
                if (values.Any(double.IsNaN))
                    throw new ArgumentException(
                        $"A score must be a number, but one of the channels of '{groups.Groups[group].Name}' is not: are the "
                            + $"weights finite?");
                int[] ranked = [.. Enumerable.Range(0, count).OrderBy(channel => values[channel])
                    .ThenByDescending(channel => channel)];
                for (int from = 0; NextOf(count, from) is var to && count - to >= Fewest; from = to)
                    handfuls.Add((Scope == ChannelScope.Global
                        ? values[ranked[to - 1]] : (double)to / count, group,
                        [.. ranked[from..to].Select(channel => first + channel)]));
            }

            first += count;
        }

        return [.. handfuls.OrderBy(handful => handful.Key).ThenByDescending(handful => handful.Group)
            .Select(handful => handful.Channels)];
    }

    // How many are gone after the next handful, if so many are gone.
    int NextOf(int count, int gone) => gone + ((count - gone) % Multiple is var rest && rest > 0 ? rest : Multiple);

    static bool[] First(int[][] order, int count, int channels)
    {
        bool[] removed = new bool[channels];
        foreach (int channel in order.Take(count).SelectMany(handful => handful))
            removed[channel] = true;
        return removed;
    }

    static double Share(double keep) => keep is > 0 and <= 1
        ? keep
        : throw new ArgumentOutOfRangeException(nameof(keep), keep,
            "What is kept is a share of the model: above 0, and up to 1 (all).");

    static int Positive(int value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
        return value;
    }
}

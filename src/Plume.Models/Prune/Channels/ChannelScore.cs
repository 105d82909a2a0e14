using Plume.Compression.Randomness;

namespace Plume.Models.Prune.Channels;

/// <summary>How much a channel matters: what scores lowest is removed first.</summary>
public abstract record ChannelScore
{
    private protected ChannelScore()
    {
    }

    /// <summary>Why a group has no score, for <see cref="Unprunable.Reason"/>.</summary>
    internal virtual string Missing => "no score is known for them";

    /// <summary>
    /// The scores of the channels of each group, comparable between groups; null for a group that cannot be scored.
    /// </summary>
    public abstract IReadOnlyList<double[]?> Of(ChannelGroups groups);
}

/// <summary>
/// The norm of all values that go with a channel: kernels, biases, normalizations, and the weights that read it.
/// </summary>
/// <remarks>
/// Divided by the mean of its group: norms grow with fan-in and with the number of slices, so that bare norms of two layers do
/// not tell which matters more; how a channel stands among its neighbours does.
/// Source: Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017, arXiv:1608.08710, for one kernel; Fang et al.,
/// "DepGraph", CVPR 2023, arXiv:2301.12900, for all that goes with it.
/// </remarks>
/// <param name="Order">1: the sum of magnitudes. 2: the root of the sum of squares.</param>
public sealed record ChannelNorm(int Order = 2) : ChannelScore
{
    /// <summary>1 or 2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The order is another.</exception>
    public int Order { get; init => field = OneOrTwo(value); } = OneOrTwo(Order);

    /// <inheritdoc/>
    public override IReadOnlyList<double[]?> Of(ChannelGroups groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        var sums = new SliceSums(groups.Graph.ToWeights(), Order == 1 ? static value => Math.Abs((double)value)
            : static value => (double)value * value);
        return [.. groups.Groups.Select(group => OverMean(Order == 1 ? sums.Of(group) : [.. sums.Of(group).Select(Math.Sqrt)]))];
    }

    static double[] OverMean(double[] scores)
    {
        double sum = 0;
        foreach (double score in scores)
            sum += score;
        return sum > 0 ? [.. scores.Select(score => score / (sum / scores.Length))] : scores;
    }

    static int OneOrTwo(int order) => order is 1 or 2
        ? order
        : throw new ArgumentOutOfRangeException(nameof(order), order, "The order of a norm is 1 or 2.");
}

/// <summary>
/// The magnitude of the scale by which a BatchNormalization multiplies the channel; the mean where there are several.
/// </summary>
/// <remarks>
/// Not divided by anything: behind a normalization all channels of a model are on one scale, and the paper's threshold is one for
/// the whole model. Groups without a normalization stay. Works best after a training that pulled the scales towards zero.
/// Source: Liu et al., "Learning Efficient Convolutional Networks through Network Slimming", ICCV 2017, arXiv:1708.06519.
/// </remarks>
public sealed record BatchNormScale : ChannelScore
{
    internal override string Missing => "no BatchNormalization scales them, and the score is its scale";

    /// <inheritdoc/>
    public override IReadOnlyList<double[]?> Of(ChannelGroups groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        var scales = groups.Graph.Nodes.Where(node => node.OpType == "BatchNormalization").Select(node => node.Inputs[1])
            .ToHashSet(StringComparer.Ordinal);
        var sums = new SliceSums(groups.Graph.ToWeights(), static value => Math.Abs((double)value));
        return [.. groups.Groups.Select(group => Of(group, scales, sums))];
    }

    static double[]? Of(ChannelGroup group, HashSet<string> scales, SliceSums sums)
    {
        int count = group.Slices.Where(slice => scales.Contains(slice.Tensor)).Sum(slice => slice.Indices[0].Count);
        return count == 0 ? null : [.. sums.Of(group, slice => scales.Contains(slice.Tensor)).Select(sum => sum / count)];
    }
}

/// <summary>A random number: the control that any other score must beat.</summary>
/// <param name="Key">Where the draws come from.</param>
public sealed record RandomScore(RandomKey Key) : ChannelScore
{
    /// <inheritdoc/>
    public override IReadOnlyList<double[]?> Of(ChannelGroups groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        return [.. groups.Groups.Select(group =>
        {
            var draws = new RandomDraws(Key.Fold(group.Name));
            return Enumerable.Range(0, group.Channels).Select(_ => draws.NextDouble()).ToArray();
        })];
    }
}

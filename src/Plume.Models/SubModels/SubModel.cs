using Plume.Compression.Weights;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;

namespace Plume.Models.SubModels;

/// <summary>
/// A smaller model cut out of a larger one, with some of each layer's channels: what a weak client trains of a federation's
/// model.
/// </summary>
/// <remarks>
/// Channels that must go together are those of <see cref="ChannelGroups"/>; each group keeps as many as it is told. What is
/// trained of the smaller model goes back to where it was cut from.
/// Source: Diao, Ding, Tarokh, "HeteroFL", ICLR 2021, arXiv:2010.01264, for the first channels and for what their outputs are
/// multiplied by; Alam et al., "FedRolex", NeurIPS 2022, arXiv:2212.01548, for channels in a window that moves on.
/// </remarks>
public sealed class SubModel
{
    readonly ChannelGroups groups;
    readonly int[] kept;

    SubModel(ChannelGroups groups, int[] kept)
    {
        (this.groups, this.kept) = (groups, kept);
        Leading = SliceAt(0);
        Graph = ChannelRemoval.From(groups, Removed(0)).Graph;
    }

    /// <summary>The smaller model with the first channels of each layer.</summary>
    public ModelGraph Graph { get; }

    /// <summary>Where the first channels lie in the larger model.</summary>
    public LayoutSlice Leading { get; }

    /// <summary>Cuts a smaller model out.</summary>
    /// <param name="whole">The larger model.</param>
    /// <param name="channels">How many channels a layer keeps of so many.</param>
    /// <exception cref="ArgumentException">A layer would keep no channel, none would lose one, or the model measures
    /// statistics.</exception>
    /// <exception cref="Compression.Wire.InvalidPayloadException">The shapes cannot be inferred.</exception>
    public static SubModel Of(ModelGraph whole, Func<int, int> channels)
    {
        ArgumentNullException.ThrowIfNull(whole);
        if (whole.Weights.Tensors.FirstOrDefault(tensor => tensor.Role == TensorRole.Statistic) is { } statistic)
            throw new ArgumentException(
                $"Model '{whole.Name}' keeps running statistics, such as '{statistic.Name}', which are others in a model of "
                    + $"other width: use a model without BatchNormalization, or with InstanceNormalization in its place.",
                    nameof(whole));
        var groups = ChannelGroups.Of(whole);
        int[] kept = [.. groups.Groups.Select(group => channels(group.Channels))];
        foreach (var (group, count) in groups.Groups.Zip(kept))
        {
            if (count < 1 || count > group.Channels)
                throw new ArgumentException(
                    $"A smaller model must keep 1 to {group.Channels} of the channels of '{group.Name}', but is to keep {count}.",
                    nameof(channels));
        }

        if (groups.Groups.Zip(kept).All(pair => pair.First.Channels == pair.Second))
            throw new ArgumentException(
                $"Model '{whole.Name}' would not become smaller: "
                    + $"{(groups.Groups.Count > 0 ? $"all keep their channels: {string.Join(", ", groups.Groups)}." : string.Join(' ', groups.Unprunable.Select(reason => reason.ToString())))}", nameof(channels));
        return new SubModel(groups, kept);
    }

    /// <summary>
    /// Where the smaller model lies when the channels of a layer begin at one, and behind its last go on with its first.
    /// </summary>
    /// <param name="first">That channel, from 0; of a layer with fewer, so many beyond its last.</param>
    public LayoutSlice SliceAt(int first)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        var layout = groups.Graph.Weights;
        return LayoutSlice.Of(layout, ChannelRemoval.Cuts(groups, Removed(first)).Where(cut => IsLearned(cut.Tensor))
            .Select(cut => (cut.Tensor, cut.Axis, cut.Kept)));
    }

    /// <summary>
    /// A constant of the model whose values belong to single channels, so that these cannot be others than the first; null where
    /// there is none.
    /// </summary>
    public string? FixedConstant => ChannelRemoval.Cuts(groups, Removed(0)).FirstOrDefault(cut => !IsLearned(cut.Tensor))?.Tensor;

    /// <summary>The same model where what layers that lost channels put out is as large as if they had them.</summary>
    /// <exception cref="ArgumentException">What is learned would not be the same.</exception>
    public ModelGraph Scaled()
    {
        var scaled = RestoredMagnitude.Of(groups.Graph, Graph);
        return scaled.Weights.Equals(Leading.Part)
            ? scaled
            : throw new ArgumentException(
                $"The outputs of '{groups.Graph.Name}' cannot be scaled: a value that is learned would become a constant.");
    }

    bool IsLearned(string name) => groups.Graph.Weights.Tensors.Any(tensor => tensor.Name == name);

    bool[] Removed(int first)
    {
        var removed = new List<bool>();
        foreach (var (group, count) in groups.Groups.Zip(kept))
            removed.AddRange(Enumerable.Range(0, group.Channels)
                .Select(channel => (channel - (first % group.Channels) + group.Channels) % group.Channels >= count));
        return [.. removed];
    }
}

using Plume.Compression.Weights;
using Plume.Models.Graph;
using Plume.Models.Prune.Connections;

namespace Plume.Models.Prune.Channels;

/// <summary>What is kept of one axis of a tensor.</summary>
/// <param name="Tensor">The name of the initializer.</param>
/// <param name="Axis">The axis.</param>
/// <param name="Kept">The indices that stay, in rising order.</param>
public sealed record TensorCut(string Tensor, int Axis, IReadOnlyList<int> Kept);

/// <summary>Channels of a group that were removed.</summary>
/// <param name="Group">The group, as it was.</param>
/// <param name="Channels">Which of its channels went, in rising order.</param>
public sealed record RemovedChannels(ChannelGroup Group, IReadOnlyList<int> Channels)
{
    /// <summary>For example <c>conv1.weight: 16 -> 7 channels</c>.</summary>
    public override string ToString() => $"{Group.Name}: {Group.Channels} -> {Group.Channels - Channels.Count} channels";
}

/// <summary>A model without some of its channels, and what was done to it.</summary>
/// <param name="Graph">The smaller model.</param>
/// <param name="Removed">What went, for every group; of some nothing.</param>
/// <param name="Cuts">What is left of each tensor that became smaller, so that what belongs to it can be cut too.</param>
public sealed record PrunedModel(ModelGraph Graph, IReadOnlyList<RemovedChannels> Removed, IReadOnlyList<TensorCut> Cuts)
{
    /// <summary>By what the model was measured.</summary>
    public ChannelMeasure Measure { get; init; }

    /// <summary>The share that was asked for.</summary>
    public double Target { get; init; } = 1;

    /// <summary>The share of the measure that is left.</summary>
    public double Reached { get; init; } = 1;

    /// <summary>
    /// False where the fewest channels are still over the target: <see cref="Reached"/> is how near one can come.
    /// </summary>
    public bool IsReached => Reached <= Target;

    /// <summary>What could not be pruned, with the reason.</summary>
    public IReadOnlyList<Unprunable> Unprunable { get; init; } = [];

    /// <summary>
    /// Cuts values that belong to the weights of the old graph as these were cut: an optimizer's moments, a trained copy.
    /// </summary>
    /// <exception cref="ArgumentException">The layout is not that of the old graph.</exception>
    public ModelWeights Cut(ModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var smaller = new ModelWeights(Graph.Weights);
        Cut(weights.Layout, weights.Values, smaller.Values);
        return smaller;
    }

    /// <summary>Cuts a mask of the old graph.</summary>
    /// <exception cref="ArgumentException">The layout is not that of the old graph.</exception>
    public WeightMask Cut(WeightMask mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        bool[] kept = new bool[Graph.Weights.Length];
        Cut(mask.Layout, mask.Kept, kept);
        return WeightMask.Taking(Graph.Weights, kept);
    }

    /// <summary>Where what is learned of it lies in the old graph.</summary>
    /// <param name="layout">Of the old graph.</param>
    public LayoutSlice SliceOf(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var learned = layout.Tensors.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        return LayoutSlice.Of(layout, Cuts.Where(cut => learned.Contains(cut.Tensor))
            .Select(cut => (cut.Tensor, cut.Axis, cut.Kept)));
    }

    void Cut<T>(ModelLayout layout, ReadOnlySpan<T> values, Span<T> smaller)
    {
        foreach (var (old, tensor) in layout.Tensors.Zip(Graph.Weights.Tensors))
        {
            var cuts = Cuts.Where(cut => cut.Tensor == old.Name).ToDictionary(cut => cut.Axis, cut => cut.Kept);
            bool fits = old.Name == tensor.Name && old.Shape.Count == tensor.Shape.Count
                && old.Shape.Select((length, axis) => cuts.TryGetValue(axis, out var kept)
                ? kept[^1] < length && kept.Count == tensor.Shape[axis] : length == tensor.Shape[axis]).All(fits => fits);
            if (!fits || layout.Tensors.Count != Graph.Weights.Tensors.Count)
                throw new ArgumentException(
                    $"The values are of another layout than the model had before it was pruned: tensor '{old}' does not become "
                        + $"'{tensor}'.", nameof(layout));
            TensorCutter.Cut(values.Slice(old.Offset, old.Length), old.Shape, cuts)
                .CopyTo(smaller.Slice(tensor.Offset, tensor.Length));
        }
    }
}

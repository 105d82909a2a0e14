using Plume.Compression.Weights;
using Plume.Federation.Methods;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;

namespace Plume.Learning;

/// <summary>The channels of an ONNX graph, ranked by the mean square of all that goes with each.</summary>
public sealed class GraphChannels : IModelChannels
{
    readonly ModelGraph graph;

    /// <summary>The channels of a graph.</summary>
    /// <exception cref="Compression.Wire.InvalidPayloadException">The graph's shapes cannot be inferred.</exception>
    public GraphChannels(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        this.graph = graph;
        MostShare = 1 - new ChannelPruning(double.Epsilon).Apply(graph).Reached;
    }

    /// <inheritdoc/>
    public double MostShare { get; }

    /// <inheritdoc/>
    public IReadOnlyList<AxisCut> Without(ReadOnlyMemory<float> weights, double share)
    {
        var pruned = new ChannelPruning(1 - share).Apply(graph.With(new ModelWeights(graph.Weights, weights.ToArray())));
        return [.. pruned.Cuts.Select(cut => new AxisCut(cut.Tensor, cut.Axis, cut.Kept))];
    }
}

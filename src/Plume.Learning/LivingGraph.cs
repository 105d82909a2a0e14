using Plume.Compression.Weights;
using Plume.Learning.Execution;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;

namespace Plume.Learning;

/// <summary>What a client trains of a graph: all of it, or what is left without the channels that are dead.</summary>
/// <param name="graph">The whole graph.</param>
/// <param name="pruned">What is left of it; null for all.</param>
sealed class LivingGraph(ModelGraph graph, PrunedModel? pruned) : IDisposable
{
    readonly LayoutSlice? slice = pruned?.SliceOf(graph.Weights);

    /// <summary>Executors of what is trained.</summary>
    public IdleExecutors Executors { get; } = new(pruned?.Graph ?? graph);

    /// <summary>What belongs to the values of the whole graph, for those that are left; nothing stays nothing.</summary>
    public ReadOnlyMemory<float> Cut(ReadOnlyMemory<float> values)
    {
        if (slice is null || values.IsEmpty)
            return values;
        var left = new float[slice.Part.Length];
        slice.Gather(values.Span, left);
        return left;
    }

    /// <summary>Writes what an executor has learned to the values of the whole graph; what is dead becomes zero.</summary>
    public void Spread(GraphExecutor executor, Span<float> values)
    {
        if (slice is null)
        {
            executor.GetWeights(values);
            return;
        }

        var learned = new float[slice.Part.Length];
        executor.GetWeights(learned);
        values.Clear();
        slice.Scatter<float>(learned, values);
    }

    public void Dispose() => Executors.Dispose();
}

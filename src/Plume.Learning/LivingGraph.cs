using Plume.Compression.Weights;
using Plume.Learning.Execution;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;

namespace Plume.Learning;

/// <summary>What a client trains of a graph: all of it, or what is left without the channels that are dead. Executors of it wait for their next use.</summary>
/// <param name="graph">The whole graph.</param>
/// <param name="pruned">What is left of it; null for all.</param>
sealed class LivingGraph(ModelGraph graph, PrunedModel? pruned) : IDisposable
{
    readonly Stack<GraphExecutor> idle = [];
    bool isRetired;

    ModelGraph Graph => pruned?.Graph ?? graph;

    /// <summary>An executor, to be given back.</summary>
    public GraphExecutor Take()
    {
        lock (idle)
        {
            if (idle.TryPop(out var executor))
                return executor;
        }

        return new GraphExecutor(Graph);
    }

    /// <summary>Gives an executor back.</summary>
    public void Return(GraphExecutor executor)
    {
        lock (idle)
        {
            if (!isRetired)
            {
                idle.Push(executor);
                return;
            }
        }

        executor.Dispose();
    }

    /// <summary>What belongs to the values of the whole graph, for those that are left; nothing stays nothing.</summary>
    public ReadOnlyMemory<float> Cut(ReadOnlyMemory<float> values) =>
        pruned is null || values.IsEmpty ? values : pruned.Cut(new ModelWeights(graph.Weights, values.ToArray())).Values;

    /// <summary>Writes what an executor has learned to the values of the whole graph; what is dead becomes zero.</summary>
    public void Spread(GraphExecutor executor, Span<float> values)
    {
        if (pruned is null)
        {
            executor.GetWeights(values);
            return;
        }

        var learned = new float[Graph.Weights.Length];
        executor.GetWeights(learned);
        values.Clear();
        pruned.Spread(learned, graph.Weights, values);
    }

    /// <summary>Lets go of all executors, those that are given back later too.</summary>
    public void Dispose()
    {
        lock (idle)
        {
            isRetired = true;
            while (idle.TryPop(out var executor))
                executor.Dispose();
        }
    }
}

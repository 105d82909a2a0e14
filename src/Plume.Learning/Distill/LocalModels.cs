using System.Collections.Concurrent;
using Plume.Learning.Execution;
using Plume.Models.Graph;

namespace Plume.Learning.Distill;

/// <summary>Executors of a model that stays with its client, which finds in the client's memory what it has learned.</summary>
/// <remarks>The memory is a mark, above 0 where the client has trained it, and the weights. Memory of a client that has not is zeros: it begins with the graph's.</remarks>
sealed class LocalModels(ModelGraph graph) : IDisposable
{
    readonly ConcurrentBag<GraphExecutor> idle = [new GraphExecutor(graph)];

    /// <summary>Floats of memory.</summary>
    public int MemoryLength => 1 + graph.Weights.Length;

    /// <summary>An executor with what a client's model has learned.</summary>
    public GraphExecutor Take(ReadOnlySpan<float> memory)
    {
        if (!idle.TryTake(out var executor))
            executor = new GraphExecutor(graph);
        executor.SetWeights(memory[0] > 0 ? memory[1..] : graph.ToWeights().Values);
        return executor;
    }

    /// <summary>Keeps what a client's model has learned.</summary>
    public static void Keep(GraphExecutor executor, Span<float> memory)
    {
        memory[0] = 1;
        executor.GetWeights(memory[1..]);
    }

    /// <summary>Takes an executor back.</summary>
    public void Return(GraphExecutor executor) => idle.Add(executor);

    /// <inheritdoc/>
    public void Dispose()
    {
        while (idle.TryTake(out var executor))
            executor.Dispose();
    }
}

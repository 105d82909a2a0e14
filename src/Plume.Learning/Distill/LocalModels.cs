using Plume.Learning.Execution;
using Plume.Models.Graph;

namespace Plume.Learning.Distill;

/// <summary>Executors of a model that stays with its client, which finds in the client's memory what it has learned.</summary>
/// <remarks>
/// The memory is a mark, above 0 where the client has trained it, and the weights. Memory of a client that has not is zeros: it
/// begins with the graph's.
/// </remarks>
sealed class LocalModels : IDisposable
{
    readonly ModelGraph graph;
    readonly IdleExecutors executors;

    /// <exception cref="UnsupportedOperatorException">The graph cannot be run.</exception>
    public LocalModels(ModelGraph graph)
    {
        (this.graph, executors) = (graph, new IdleExecutors(graph));
        executors.Return(executors.Take());
    }

    /// <summary>Floats of memory.</summary>
    public int MemoryLength => 1 + graph.Weights.Length;

    /// <summary>An executor with what a client's model has learned.</summary>
    public GraphExecutor Take(ReadOnlySpan<float> memory)
    {
        var executor = executors.Take();
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
    public void Return(GraphExecutor executor) => executors.Return(executor);

    /// <inheritdoc/>
    public void Dispose() => executors.Dispose();
}

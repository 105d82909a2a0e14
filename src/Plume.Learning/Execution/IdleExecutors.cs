using Plume.Models.Graph;

namespace Plume.Learning.Execution;

/// <summary>
/// Executors of a graph that wait for their next use; one is made where none waits. Calls may come from several threads.
/// </summary>
sealed class IdleExecutors(ModelGraph graph) : IDisposable
{
    readonly Stack<GraphExecutor> idle = [];
    bool isDisposed;

    /// <summary>An executor, to be given back.</summary>
    /// <exception cref="UnsupportedOperatorException">The graph cannot be run.</exception>
    public GraphExecutor Take()
    {
        lock (idle)
        {
            if (idle.TryPop(out var executor))
                return executor;
        }

        return new GraphExecutor(graph);
    }

    /// <summary>Gives an executor back.</summary>
    public void Return(GraphExecutor executor)
    {
        lock (idle)
        {
            if (!isDisposed)
            {
                idle.Push(executor);
                return;
            }
        }

        executor.Dispose();
    }

    /// <summary>Lets go of all executors, those that are given back later too.</summary>
    public void Dispose()
    {
        lock (idle)
        {
            isDisposed = true;
            while (idle.TryPop(out var executor))
                executor.Dispose();
        }
    }
}

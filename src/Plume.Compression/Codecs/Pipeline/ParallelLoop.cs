using System.Runtime.ExceptionServices;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>
/// Runs independent work items on a bounded number of threads; each item learns which of the workers runs it, so that
/// workers can have scratch memory of their own. With one thread it is a plain loop and allocates nothing.
/// </summary>
sealed class ParallelLoop(int threads)
{
    /// <summary>Workers are numbered from 0 to below this.</summary>
    public int Workers { get; } = Math.Max(1, threads);

    public void Run<TState>(int count, TState state, Action<TState, int, int> body)
    {
        if (Workers == 1 || count < 2)
        {
            for (int index = 0; index < count; index++)
                body(state, index, 0);
            return;
        }

        int next = -1;
        try
        {
            Parallel.For(0, Math.Min(Workers, count), worker =>
            {
                for (int index = Interlocked.Increment(ref next); index < count; index = Interlocked.Increment(ref next))
                    body(state, index, worker);
            });
        }
        catch (AggregateException failures)
        {
            // Which item failed first depends on the threads; one report is as good as another, and the caller expects its own
            // type.
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }
}

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>Runs independent work items on a bounded number of threads. With one thread it is a plain loop and allocates nothing.</summary>
sealed class ParallelLoop(int threads)
{
    readonly ParallelOptions options = new() { MaxDegreeOfParallelism = Math.Max(1, threads) };

    public bool IsSerial => options.MaxDegreeOfParallelism == 1;

    public void Run<TState>(int count, TState state, Action<TState, int> body)
    {
        if (IsSerial || count < 2)
        {
            for (int index = 0; index < count; index++)
                body(state, index);
            return;
        }

        try
        {
            Parallel.For(0, count, options, index => body(state, index));
        }
        catch (AggregateException failures)
        {
            // Which item failed first depends on the threads; one report is as good as another, and the caller expects its own type.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }
}

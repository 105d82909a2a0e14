using System.Runtime.ExceptionServices;

namespace Plume.Learning.Execution;

/// <summary>Pieces of work on several threads, which fail as one piece would: with its own exception.</summary>
static class SideBySide
{
    public static void Run(int pieces, int threads, Action<int> work, CancellationToken cancellation = default)
    {
        try
        {
            Parallel.For(0, pieces, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation },
                work);
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
        }

        cancellation.ThrowIfCancellationRequested();
    }
}

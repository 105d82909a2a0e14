using System.Diagnostics;
using Plume.Cli.Runs;

namespace Plume.Cli.Progress;

/// <summary>A federation and, where one is wanted, the same with 32-bit floats, round by round beside it.</summary>
sealed class Comparison(FederatedRun compressed, FederatedRun? baseline) : IDisposable
{
    public FederatedRun Compressed => compressed;

    public FederatedRun? Baseline => baseline;

    /// <summary>Runs to the end, or to the end of the round at hand once asked to stop.</summary>
    /// <param name="rounds">Rounds of the whole run.</param>
    /// <param name="saveEvery">Time from one checkpoint to the next: what a program that is killed loses at most.</param>
    /// <param name="report">Told of each round.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <returns>Whether all rounds are done.</returns>
    public bool Run(int rounds, TimeSpan saveEvery, Action<RoundDone> report, CancellationToken stop)
    {
        CatchUp();
        var clock = Stopwatch.StartNew();
        int before = compressed.Rounds.Count;
        var saved = TimeSpan.Zero;
        while (!stop.IsCancellationRequested)
        {
            var plain = baseline?.Next();
            if (compressed.Next() is not { } line)
                return true;
            double pace = clock.Elapsed.TotalSeconds / (line.Round - before);
            if (clock.Elapsed - saved >= saveEvery)
            {
                Save();
                saved = clock.Elapsed;
            }

            report(new RoundDone(line, plain, pace * (rounds - line.Round)));
        }

        return compressed.Simulation.IsFinished;
    }

    // A program that was ended between two checkpoints leaves one run behind the other.
    void CatchUp()
    {
        while (baseline is not null && baseline.Rounds.Count < compressed.Rounds.Count)
            baseline.Next();
        while (baseline is not null && compressed.Rounds.Count < baseline.Rounds.Count)
            compressed.Next();
    }

    public void Save()
    {
        compressed.Save();
        baseline?.Save();
    }

    public void Close()
    {
        compressed.Close();
        baseline?.Close();
    }

    /// <summary>What the rounds came to.</summary>
    public RunResult Result()
    {
        long memory = Process.GetCurrentProcess().PeakWorkingSet64;
        return Summary(compressed, memory, baseline is null ? null : Summary(baseline, memory, null));
    }

    static RunResult Summary(FederatedRun run, long memory, RunResult? baseline) => new(
        run.Rounds.LastOrDefault(round => round.Accuracy is not null)?.Accuracy,
        run.Rounds.Count,
        run.Rounds.Sum(round => round.UplinkBytes),
        run.Rounds.Sum(round => round.DownlinkBytes),
        run.Rounds.Count == 0 ? 0 : run.Rounds.Average(round => round.Seconds),
        memory,
        run.Rounds.Sum(round => round.Refused.Count),
        run.Rounds.Sum(round => round.Bounded.Count),
        baseline)
    {
        Privacy = run.Privacy,
        Budget = run.Budget,
        ClientSeconds = run.Rounds.Sum(round => round.ClientSeconds),
        LinkSeconds = run.Rounds.Count > 0 && run.Rounds.All(round => round.LinkSeconds is not null)
            ? run.Rounds.Sum(round => round.LinkSeconds) : null,
        Staleness = run.Rounds.Average(round => round.Staleness),
        Shadows = run.Shadows(),
    };

    public void Dispose()
    {
        compressed.Dispose();
        baseline?.Dispose();
    }
}

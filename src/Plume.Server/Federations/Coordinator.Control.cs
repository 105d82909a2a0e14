using Plume.Server.Federations.Records;

namespace Plume.Server.Federations;

/// <summary>What an operator does.</summary>
sealed partial class Coordinator
{
    /// <summary>No further round opens.</summary>
    public Task PauseAsync(string by, CancellationToken cancellation) =>
        written.HappenAsync(now => written.State.IsPaused ? null : new WasPaused(now, by), cancellation);

    /// <summary>Rounds open again.</summary>
    public Task ResumeAsync(string by, CancellationToken cancellation) =>
        written.HappenAsync(now => written.State.IsPaused ? new WasResumed(now, by) : null, cancellation);

    /// <summary>The federation ends.</summary>
    public Task StopAsync(string by, CancellationToken cancellation) =>
        written.HappenAsync(now => written.State.HasEnded ? null : new WasStopped(now, by), cancellation);

    /// <summary>Gives the federation more rounds; one that is finished goes on as soon as its clients are there again.</summary>
    /// <param name="rounds">All of them, those that are done included.</param>
    /// <param name="by">Who asks for it.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Why it cannot have so many; null where it has them now.</returns>
    public async Task<string?> ExtendAsync(int rounds, string by, CancellationToken cancellation)
    {
        while (true)
        {
            // What clients sent is deleted after the end, and must not be while the next round's updates come.
            await applying.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            using var mine = await written.TurnAsync(cancellation).ConfigureAwait(false);
            if (written.State.HasEnded && !applying.IsCompleted)
                continue;
            if (written.Books.WhyNotExtended(rounds, written.Now) is { } problem)
                return problem;
            // Nobody loses a place for having left when there was nothing to do.
            if (written.State.HasEnded)
                foreach (int client in places.Names.Keys)
                    attendance.See(client);
            await written.HappenAsync(new WasExtended(written.Now, rounds, by)).ConfigureAwait(false);
            return null;
        }
    }
}

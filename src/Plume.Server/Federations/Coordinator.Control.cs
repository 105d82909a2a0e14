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
}

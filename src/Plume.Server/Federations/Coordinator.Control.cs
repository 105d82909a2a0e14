using Plume.Server.Federations.Records;

namespace Plume.Server.Federations;

/// <summary>What an operator does.</summary>
sealed partial class Coordinator
{
    /// <summary>No further round opens.</summary>
    public Task PauseAsync(CancellationToken cancellation) =>
        written.HappenAsync(now => written.State.IsPaused ? null : new WasPaused(now), cancellation);

    /// <summary>Rounds open again.</summary>
    public Task ResumeAsync(CancellationToken cancellation) =>
        written.HappenAsync(now => written.State.IsPaused ? new WasResumed(now) : null, cancellation);

    /// <summary>The federation ends.</summary>
    public Task StopAsync(CancellationToken cancellation) =>
        written.HappenAsync(now => written.State.HasEnded ? null : new WasStopped(now), cancellation);
}

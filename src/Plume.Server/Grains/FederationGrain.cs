using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Plume.Server.Federations;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.News;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Secure;
using Plume.Server.Federations.Sums;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Identity;
using Plume.Server.Storage;

namespace Plume.Server.Grains;

/// <summary>
/// Holds a coordinator for as long as this silo owns the federation. Should the cluster ever start two, the ledger lets only
/// the newer write, and the other ends here.
/// </summary>
[Reentrant]
sealed partial class FederationGrain(FederationCatalog catalog, ServerStorage storage, Sharding sharding, ServerMetrics metrics,
    IdentityOptions identity, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<FederationGrain> logger)
    : Grain, IFederationGrain
{
    static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(500);

    Coordinator? coordinator;
    Exception? refusal;
    CancellationTokenRegistration stopping;

    // A federation that cannot be opened says why to whoever asks; a start that fails would be tried again and again, each time
    // with a trace.
    Coordinator Coordinator =>
        coordinator ?? throw (refusal is InvalidDataException ? new InvalidDataException(refusal.Message)
            : new IOException(refusal!.Message));

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var definition = catalog[this.GetPrimaryKeyString()];
        try
        {
            coordinator = await Federations.Coordinator.OpenAsync(definition, storage.Ledger, storage.Blobs,
                published => AggregatorFor(definition, published), metrics.For(definition.Name), time, logger, cancellationToken,
                isTls: !identity.Insecure);
        }
        catch (Exception damage) when (damage is InvalidDataException or UnauthorizedAccessException)
        {
            refusal = new InvalidDataException(damage is InvalidDataException ? damage.Message
                : $"What the storage holds of '{definition.Name}' cannot be used: {damage.Message} Give the server's user the "
                    + $"right to it.");
            return;
        }
        catch (IOException away) when (away is not UnknownOutcomeException)
        {
            // Asked again, it is tried again.
            refusal = away;
            DeactivateOnIdle();
            return;
        }

        stopping = lifetime.ApplicationStopping.Register(coordinator.LetGo);
        _ = LeaveWhenFaultedAsync();
        this.RegisterGrainTimer(token => GuardAsync(async () =>
        {
            await Coordinator.TickAsync(token);
            return true;
        }), new GrainTimerCreationOptions(TickInterval, TickInterval) { KeepAlive = true, Interleave = true });
    }

    // An uplink that is decoded against the model is added up where the model is.
    IAggregator AggregatorFor(FederationDefinition definition, Func<int, ReadOnlyMemory<float>> published) =>
        sharding.Shards > 1 && !definition.Plan.Uplink.UsesReference
        ? new ShardedAggregator(definition, GrainFactory, storage.Blobs, sharding.Shards)
        : new LocalAggregator(definition, storage.Blobs, published);

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        LogLeft(logger, this.GetPrimaryKeyString(), reason.Description);
        await stopping.DisposeAsync();
        if (coordinator is not null)
            await coordinator.DisposeAsync();
    }

    async Task LeaveWhenFaultedAsync()
    {
        await Coordinator.Faulted;
        Leave();
    }

    // The next owner begins when this one's last call has ended.
    void Leave()
    {
        coordinator?.LetGo();
        DeactivateOnIdle();
    }

    public Task<JoinOutcome> JoinAsync(string name, int? wanted, int kept, int? capacity) => GuardAsync(async () =>
    {
        var (number, problem) = await Coordinator.JoinAsync(name, wanted, kept, capacity, CancellationToken.None);
        return new JoinOutcome(number, Coordinator.Run, problem);
    });

    public Task<int?> NumberOfAsync(string name) => Task.FromResult(Coordinator.NumberOf(name));

    public async Task<PlaceHolder[]> PlacesAsync() => [.. await Coordinator.PlacesAsync(CancellationToken.None)];

    public Task<int?> GiveBackAsync(string name, string by) =>
        GuardAsync(() => Coordinator.GiveBackAsync(name, by, CancellationToken.None));

    public Task<FederationSnapshot> WaitAsync(long sequence, TimeSpan longest) =>
        Coordinator.WaitAsync(sequence, longest, CancellationToken.None);

    public Task HeardAsync(int[] clients, long downloaded) => GuardAsync(async () =>
    {
        Coordinator.CountDownload(downloaded);
        foreach (int client in clients)
            await Coordinator.SeenAsync(client, CancellationToken.None);
        return true;
    });

    public Task<UploadOutcome?> ConsiderAsync(ArrivedUpdate update) =>
        GuardAsync(() => Coordinator.ConsiderAsync(update, CancellationToken.None));

    public Task<UploadOutcome> ArriveAsync(ArrivedUpdate update) =>
        GuardAsync(() => Coordinator.ArriveAsync(update, CancellationToken.None));

    public Task<SumAnswer> AnswerAsync(SumMessage message) =>
        GuardAsync(() => Coordinator.AnswerAsync(message, CancellationToken.None));

    public Task<DownloadPart[]?> CatchUpAsync(int? from, int to, int capacity, bool takesLevels) =>
        GuardAsync(async () =>
            await Coordinator.CatchUpAsync(from, to, capacity, takesLevels, CancellationToken.None) is { } parts
                ? parts.ToArray() : null);

    public Task<DownloadPart[]?> ModelAsync(int version) =>
        GuardAsync(async () => await Coordinator.ModelAsync(version, CancellationToken.None) is { } parts ? parts.ToArray()
            : null);

    public Task ReportAsync(int client, int round, int attempt, string problem, bool isMissed) => GuardAsync(async () =>
    {
        await Coordinator.ReportAsync(client, round, attempt, problem, isMissed, CancellationToken.None);
        return true;
    });

    public Task<FederationOverview> OverviewAsync(int since) => Coordinator.OverviewAsync(since, CancellationToken.None);

    public Task<FederationDetails> DetailsAsync(int since) => Coordinator.DetailsAsync(since, CancellationToken.None);

    public Task NoteAsync(string sentence)
    {
        Coordinator.Note(sentence);
        return Task.CompletedTask;
    }

    public Task<FederationOverview> ControlAsync(Control control, string by) => GuardAsync(async () =>
    {
        await (control switch
        {
            Control.Pause => Coordinator.PauseAsync(by, CancellationToken.None),
            Control.Resume => Coordinator.ResumeAsync(by, CancellationToken.None),
            _ => Coordinator.StopAsync(by, CancellationToken.None),
        });
        return await Coordinator.OverviewAsync(since: 0, CancellationToken.None);
    });

    public Task<string?> ExtendAsync(int rounds, string by) =>
        GuardAsync(() => Coordinator.ExtendAsync(rounds, by, CancellationToken.None));

    // A newer owner is out there, or one is needed that reads what the ledger holds: callers try again and find it.
    async Task<T> GuardAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception lost) when (lost is FencedException or UnknownOutcomeException)
        {
            Leave();
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Federation}: leaves this server: {Reason}")]
    static partial void LogLeft(ILogger logger, string federation, string reason);
}

/// <summary>Over how many aggregators, on all silos, a round's updates are spread.</summary>
sealed record Sharding(int Shards);

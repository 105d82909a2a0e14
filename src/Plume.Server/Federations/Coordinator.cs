using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Plume.Federation.Books;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Storage;

namespace Plume.Server.Federations;

/// <summary>
/// Hosts one federation's rules: writes down what happens before it counts, carries the rules' commands out, and goes on
/// after a crash at any point to the same bits.
/// </summary>
/// <remarks>
/// Promises: an update is answered when its bytes, its arrival and its outcome are durable; it counts once; a version is
/// committed once, by the newest owner alone. Safe to call from many threads. When a <see cref="FencedException"/> leaves a
/// call, another server owns the federation, and after an <see cref="UnknownOutcomeException"/> nobody knows what the ledger
/// holds: this object is of no more use.
/// </remarks>
sealed partial class Coordinator : IAsyncDisposable
{
    static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    // An event takes its turn for a write, which takes milliseconds.
    static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(1);

    // Every version keeps them.
    static readonly NoteLimit Notes = new(Most: 20, Longest: 200);

    readonly FederationDefinition definition;
    readonly ILedger ledger;
    readonly IBlobs blobs;
    readonly FederationMetrics metrics;
    readonly TimeProvider clock;
    readonly ILogger logger;
    readonly RoundBooks books;
    readonly GlobalModel model;
    readonly ulong fingerprint;
    readonly IAggregator aggregator;
    readonly BlobNames names;
    readonly CancellationTokenSource closing = new();
    readonly TaskCompletionSource faulted = NewSignal();
    readonly ConcurrentDictionary<int, DateTimeOffset> seen = [];

    // Until when rounds do not ask clients that could not do their task.
    readonly ConcurrentDictionary<int, DateTimeOffset> resting = [];

    // One event at a time is stepped and written; one reader or writer at a time uses the model.
    readonly SemaphoreSlim turn = new(1);
    readonly SemaphoreSlim modelTurn = new(1);

    // What arrived in this round and the last.
    readonly Dictionary<RoundPart, ArrivedUpdate> arrivals = [];
    readonly Dictionary<int, Task<UploadOutcome>> settling = [];
    readonly RunHistory history = new();

    // Versions whose payload was found whole, or not, since this process began.
    readonly ConcurrentDictionary<(int Version, int Capacity), bool> sound = [];
    long epoch;
    int position;

    // The first version whose payload is kept, and the first that was of use to anybody when the newest was made.
    int firstPayload = 1;
    int firstOfUse = 1;
    FederationHead head = null!;

    // What clients downloaded that stands in no round's record yet; it is counted while rounds come and go.
    long downloaded;
    string message = "";
    Task applying = Task.CompletedTask;
    IDisposable? following;
    volatile FederationSnapshot snapshot = null!;
    volatile TaskCompletionSource changed = NewSignal();
    volatile bool isLeaving;

    // Set anew by every owner, and never back before what the ledger has.
    TimeProvider time;

    Coordinator(FederationDefinition definition, ILedger ledger, IBlobs blobs, Func<Func<int, ReadOnlyMemory<float>>, IAggregator> aggregator, FederationMetrics metrics, TimeProvider time, ILogger logger)
    {
        float[] initial = definition.Initial();
        if (initial.Length != definition.Layout.Length)
            throw new ArgumentException($"The initial model of '{definition.Name}' has {initial.Length} values, but the layout has {definition.Layout.Length}.", nameof(definition));
        (this.definition, this.ledger, this.blobs, this.metrics, this.logger) = (definition, ledger, blobs, metrics, logger);
        (clock, this.time) = (time, new SteadyTime(time));
        books = new RoundBooks(definition.Plan, definition.Key, definition.Plan.Method.UsualNorm(definition.Layout, initial), Notes, definition.EvaluateEvery);
        model = new GlobalModel(definition.Plan, definition.Layout, initial, definition.Optimizer, definition.Key, Environment.ProcessorCount, definition.HistoryMemory, definition.Student);
        fingerprint = definition.Fingerprint(initial);
        this.aggregator = aggregator(capacity => model.Broadcasts[capacity].Published);
        names = new BlobNames(definition.Id);
    }

    /// <summary>What answers clients.</summary>
    public FederationSnapshot Snapshot => snapshot;

    /// <summary>Names this run of the federation.</summary>
    public string Run => head.Run;

    /// <summary>Waits until the snapshot is a later one than this, or the time is over.</summary>
    /// <exception cref="OperationCanceledException">This owner is about to leave; the next one answers.</exception>
    public async Task<FederationSnapshot> WaitAsync(long sequence, TimeSpan longest, CancellationToken cancellation)
    {
        var signal = changed.Task;
        if (snapshot.Sequence <= sequence && !isLeaving)
            await Task.WhenAny(signal, Task.Delay(longest, time, cancellation)).ConfigureAwait(false);
        return isLeaving ? throw new OperationCanceledException($"This server leaves the federation '{definition.Name}'.") : Now;
    }

    /// <summary>Lets all go that wait for a later snapshot: this owner is about to leave, and nobody can follow it while they wait.</summary>
    public void LetGo()
    {
        isLeaving = true;
        changed.TrySetResult();
    }

    /// <summary>Notes that a client was heard of; one that was away is there again.</summary>
    public async Task SeenAsync(int client, CancellationToken cancellation)
    {
        if (!Places.ContainsKey(client))
            return;
        seen[client] = time.GetUtcNow();
        if (members.Contains(client) || IsResting(client))
            return;
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await HeardAsync(client).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>A participant cannot do its task, or took it and is gone or late. It rests for as long as others may be silent, or until it joins anew, so that rounds go on without it.</summary>
    public async Task ReportAsync(int client, int round, int attempt, string problem, bool isMissed, CancellationToken cancellation)
    {
        if (!IsAsked())
            return;
        LogGaveUp(logger, definition.Name, client, round, problem);
        resting[client] = time.GetUtcNow() + definition.Away;
        await TellAsync(now => IsAsked() && State.Members.Contains(client) ? new WentAway(now, client) : null, cancellation).ConfigureAwait(false);
        await TellAsync(now => IsAsked() ? new GaveUp(now, client, problem, isMissed) : null, cancellation).ConfigureAwait(false);

        bool IsAsked() => Places.ContainsKey(client) && State.Current.Round == round && State.Current.Attempt == attempt && State.Standings.ContainsKey(client);
    }

    /// <summary>No further round opens.</summary>
    public Task PauseAsync(CancellationToken cancellation) => TellAsync(now => State.IsPaused ? null : new WasPaused(now), cancellation);

    /// <summary>Rounds open again.</summary>
    public Task ResumeAsync(CancellationToken cancellation) => TellAsync(now => State.IsPaused ? new WasResumed(now) : null, cancellation);

    /// <summary>The federation ends.</summary>
    public Task StopAsync(CancellationToken cancellation) => TellAsync(now => State.HasEnded ? null : new WasStopped(now), cancellation);

    /// <summary>Lets time pass: closes a round whose deadline is over, notes who is away, and takes back places that are of no use. A host calls it every second or so.</summary>
    public async Task TickAsync(CancellationToken cancellation)
    {
        await TellAsync(now => State.Phase == Phase.Collecting && now >= State.Current.Deadline ? new DeadlinePassed(now) : null, cancellation).ConfigureAwait(false);
        var before = time.GetUtcNow() - definition.Away;
        foreach (int client in members)
        {
            if (seen.TryGetValue(client, out var last) && last < before && !snapshot.Asks(client))
                await TellAsync(now => State.Members.Contains(client) ? new WentAway(now, client) : null, cancellation).ConfigureAwait(false);
        }

        await ReclaimAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Everything that an operator sees, also while a write that cannot be made holds everything up.</summary>
    /// <param name="since">Only rounds after this one are told.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public async Task<FederationOverview> OverviewAsync(int since, CancellationToken cancellation)
    {
        bool isTurn = await turn.WaitAsync(LongestTurn, cancellation).ConfigureAwait(false);
        try
        {
            var now = isTurn ? Now : Now with { Message = "The server waits for its storage." };
            return new FederationOverview(now, definition.Plan.Rounds, State.Members.Count, State.Added,
                history.UplinkBytes + books.UplinkBytes, history.DownlinkBytes + Interlocked.Read(ref downloaded), history.Since(since))
            {
                MostParticipations = State.MostParticipations,
                AskedLess = [.. State.Absences.Where(entry => State.Members.Contains(entry.Key)).Select(entry => new AbsentMember(Places.GetValueOrDefault(entry.Key, ""), entry.Value.Own, entry.Value.Rest))],
            };
        }
        finally
        {
            if (isTurn)
                turn.Release();
        }
    }

    /// <summary>Counts bytes that clients downloaded.</summary>
    public void CountDownload(long bytes) => Interlocked.Add(ref downloaded, bytes);

    /// <summary>Ends background work; what is durable stays.</summary>
    public async ValueTask DisposeAsync()
    {
        following?.Dispose();
        await closing.CancelAsync().ConfigureAwait(false);
        await applying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var pending in settling.Values.ToList())
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        (aggregator as IDisposable)?.Dispose();
        changed.TrySetResult();
        closing.Dispose();
    }

    FederationState State => books.State;

    FederationFigures Figures => new(members.Count, snapshot.ModelVersion, history.Accuracy);

    // What is left of a round is told, not when it ends: whoever hears it has another clock.
    FederationSnapshot Now => snapshot with { Left = snapshot.Deadline - time.GetUtcNow() };

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    bool IsResting(int client) => resting.TryGetValue(client, out var until) && time.GetUtcNow() < until;

    Task HeardAsync(int client) => State.Members.Contains(client) || IsResting(client) || !Places.ContainsKey(client) ? Task.CompletedTask : HappenAsync(new CameBack(time.GetUtcNow(), client));

    async Task TellAsync(Func<DateTimeOffset, LedgerEvent?> happening, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (happening(time.GetUtcNow()) is { } happened)
                await HappenAsync(happened).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Federation}: client {Client} cannot do its part in round {Round}: {Problem}")]
    static partial void LogGaveUp(ILogger logger, string federation, int client, int round, string problem);
}

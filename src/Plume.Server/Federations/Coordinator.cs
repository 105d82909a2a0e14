using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Plume.Federation.Books;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.News;
using Plume.Server.Federations.Places;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Secure;
using Plume.Server.Federations.Sums;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Federations.Uploads;
using Plume.Server.Federations.Versions;
using Plume.Server.Federations.Writing;
using Plume.Server.Storage;

namespace Plume.Server.Federations;

/// <summary>
/// Hosts one federation: what calls come in for its parts, and what follows when something happened. The rules are in the books,
/// storage is in the parts.
/// </summary>
/// <remarks>
/// Promises: an update is answered when its bytes, its arrival and its outcome are durable; it counts once; a version is
/// committed once, by the newest owner alone. Safe to call from many threads. When a <see cref="FencedException"/> leaves a
/// call, another server owns the federation, and after an <see cref="UnknownOutcomeException"/> nobody knows what the ledger
/// holds: this object is of no more use.
/// </remarks>
sealed partial class Coordinator : IAsyncDisposable
{
    // Every version keeps them.
    static readonly NoteLimit Notes = new(Most: 20, Longest: 200);

    // An event takes its turn for a write, which takes milliseconds.
    static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(1);

    readonly FederationDefinition definition;
    readonly ILogger logger;
    readonly Journal journal;
    readonly WrittenBooks written;
    readonly PlaceBook places;
    readonly Attendance attendance;
    readonly Chronicle chronicle;
    readonly Announcements news;
    readonly UpdateDesk updates;
    readonly SumDesk? sums;
    readonly Downloads downloads;
    readonly VersionMaker maker;
    readonly Clearing clearing;
    readonly RunHistory history = new();
    readonly StorageRetry retry;
    readonly Opening opening;
    readonly IAggregator aggregator;
    readonly FederationMetrics metrics;
    readonly TaskCompletionSource faulted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    volatile ImmutableSortedSet<int> members = [];
    Task applying = Task.CompletedTask;
    IDisposable? following;

    Coordinator(FederationDefinition definition, ILedger ledger, IBlobs blobs,
        Func<Func<int, ReadOnlyMemory<float>>, IAggregator> aggregators, FederationMetrics metrics, TimeProvider clock,
        ILogger logger, bool isTls)
    {
        float[] initial = definition.Initial();
        if (initial.Length != definition.Layout.Length)
            throw new ArgumentException(
                $"The initial model of '{definition.Name}' has {initial.Length} values, but the layout has "
                    + $"{definition.Layout.Length}.", nameof(definition));
        (this.definition, this.metrics, this.logger) = (definition, metrics, logger);
        var (name, names, time) = (definition.Name, new BlobNames(definition.Id), new SteadyTime(clock));
        double usualNorm = definition.Plan.Method.UsualNorm(definition.Layout, initial);
        var books = new RoundBooks(definition.Plan, definition.Key, usualNorm, Notes, definition.EvaluateEvery,
            RoundBytes.Of(definition.Plan, definition.Layout));
        var model = new GlobalModel(definition.Plan, definition.Layout, initial, definition.Optimizer, definition.Key,
            Environment.ProcessorCount, definition.HistoryMemory, definition.Student);
        aggregator = aggregators(capacity => model.Broadcasts[capacity].Published);
        retry = new StorageRetry(name, metrics, time, logger);
        journal = new Journal(ledger, definition.Id, name);
        written = new WrittenBooks(name, books, journal, time, metrics, logger) { Entered = Enter };
        (places, attendance, news) =
            (new PlaceBook(name, definition.Plan, logger), new Attendance(definition, time),
                new Announcements(name, time) { WhyEnded = () => books.WhyEnded });
        sizes = new TensorSizes(definition.Plan, definition.Layout);
        chronicle = new Chronicle(client => places.Names.GetValueOrDefault(client, "")) { Metric = definition.Metric };
        updates = new UpdateDesk(definition, written, journal, aggregator, retry, metrics) { Faulted = Fault };
        written.Refused = refusal => chronicle.Refused(time.GetUtcNow(), refusal);
        // The log first: who loses a place has a name as long as places do not know.
        written.Tell(chronicle, places, attendance, news, updates);
        if ((sums = SumsOf(model, usualNorm, isTls, new SumBlobs(blobs, names))) is not null)
            written.Tell(sums);
        var store = new VersionStore(definition, model, blobs, names, history, logger);
        downloads = new Downloads(definition, store, journal, news, blobs, names);
        clearing = new Clearing(definition, updates, store, journal, blobs, names, retry, logger);
        var merging = new Merging(definition, aggregator, blobs, capacity => model.Broadcasts[capacity].Published);
        maker = new VersionMaker(definition, written, journal, updates, merging, store, downloads, history, retry, metrics,
            logger)
        { Places = () => places.Entered, Committed = Commit, Sized = sizes.Made, Sum = () => sums?.Revealed };
        var remaking = new Remaking(definition, store, merging, blobs, names, logger);
        opening = new Opening(definition, definition.Fingerprint(initial), journal, written, time, places, news, updates, store,
            remaking, clearing, new GraphBlobs(definition, blobs, names), history, blobs, names, logger);
    }

    /// <summary>Takes the federation over from whoever had it, and stands where the ledger says.</summary>
    /// <param name="definition">The federation.</param>
    /// <param name="ledger">What happened so far.</param>
    /// <param name="blobs">Its bytes.</param>
    /// <param name="aggregators">Makes what adds updates up, given how to get the published model of a capacity.</param>
    /// <param name="metrics">Counts what happens from now on.</param>
    /// <param name="time">The server's clock.</param>
    /// <param name="logger">Is told of versions and troubles.</param>
    /// <param name="cancellation">Stops the start.</param>
    /// <param name="isTls">Whether clients call with certificates, by which they can know each other.</param>
    /// <exception cref="ArgumentException">The definition breaks rules; the message has all of them.</exception>
    /// <exception cref="InvalidDataException">What storage holds is of another federation, or damaged beyond what can be made
    /// again.</exception>
    public static async Task<Coordinator> OpenAsync(
        FederationDefinition definition, ILedger ledger, IBlobs blobs,
        Func<Func<int, ReadOnlyMemory<float>>, IAggregator> aggregators, FederationMetrics metrics, TimeProvider time,
        ILogger logger, CancellationToken cancellation, bool isTls = false)
    {
        string problems = string.Join(" ", definition.Problems());
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(definition));
        var coordinator = new Coordinator(definition, ledger, blobs, aggregators, metrics, time, logger, isTls);
        try
        {
            await coordinator.opening.RestoreAsync(cancellation).ConfigureAwait(false);
            await coordinator.BeginAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            await coordinator.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return coordinator;
    }

    /// <summary>What answers clients.</summary>
    public FederationSnapshot Snapshot => news.Latest;

    /// <summary>Names this run of the federation.</summary>
    public string Run => journal.Head.Run;

    /// <summary>The clients' names, by number.</summary>
    public ImmutableSortedDictionary<int, string> Places => places.Names;

    /// <summary>Ends when the federation cannot go on in this process.</summary>
    public Task Faulted => faulted.Task;

    /// <inheritdoc cref="Announcements.WaitAsync"/>
    public Task<FederationSnapshot> WaitAsync(long sequence, TimeSpan longest, CancellationToken cancellation) =>
        news.WaitAsync(sequence, longest, cancellation);

    /// <inheritdoc cref="Announcements.LetGo"/>
    public void LetGo()
    {
        news.LetGo();
        updates.LetGo();
    }

    /// <inheritdoc cref="UpdateDesk.ArriveAsync"/>
    public Task<UploadOutcome> ArriveAsync(ArrivedUpdate update, CancellationToken cancellation) =>
        updates.ArriveAsync(update, cancellation);

    /// <inheritdoc cref="UpdateDesk.ConsiderAsync"/>
    public Task<UploadOutcome?> ConsiderAsync(ArrivedUpdate update, CancellationToken cancellation) =>
        updates.ConsiderAsync(update, cancellation);

    /// <inheritdoc cref="Downloads.CatchUpAsync"/>
    public Task<IReadOnlyList<DownloadPart>?> CatchUpAsync(int? from, int to, int capacity, bool takesLevels,
        CancellationToken cancellation) => downloads.CatchUpAsync(from, to, capacity, takesLevels, cancellation);

    /// <inheritdoc cref="Downloads.ModelAsync"/>
    public Task<IReadOnlyList<DownloadPart>?> ModelAsync(int version, CancellationToken cancellation) =>
        downloads.ModelAsync(version, cancellation);

    /// <summary>Counts bytes that clients downloaded.</summary>
    public void CountDownload(long bytes) => downloads.Count(bytes);

    /// <inheritdoc cref="PlaceBook.NumberOf"/>
    public int? NumberOf(string name) => places.NumberOf(name);

    /// <summary>Gives a client its place: the one it has, the one it asks for, or the first that is free.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="wanted">The place that it asks for; null for any.</param>
    /// <param name="kept">Places that are not for clients that nobody invited.</param>
    /// <param name="capacity">The largest capacity that it can have; null for any.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Its number, or why it has none.</returns>
    public async Task<(int Number, string? Problem)> JoinAsync(string name, int? wanted, int kept, int? capacity,
        CancellationToken cancellation)
    {
        using var mine = await written.TurnAsync(cancellation).ConfigureAwait(false);
        bool isNew = places.NumberOf(name) is null;
        var (number, problem) = places.Find(name, wanted, kept, capacity);
        if (problem is not null)
            return (number, problem);
        attendance.Rouse(number);
        attendance.See(number);
        if (isNew)
            await written.HappenAsync(new PlaceTaken(written.Now, number, name)).ConfigureAwait(false);
        else
            await HeardAsync(number).ConfigureAwait(false);
        return (number, null);
    }

    /// <summary>Notes that a client was heard of; one that was away is there again.</summary>
    public async Task SeenAsync(int client, CancellationToken cancellation)
    {
        if (!places.Has(client))
            return;
        attendance.See(client);
        if (members.Contains(client) || attendance.IsResting(client))
            return;
        using var mine = await written.TurnAsync(cancellation).ConfigureAwait(false);
        await HeardAsync(client).ConfigureAwait(false);
    }

    /// <summary>
    /// Lets time pass: closes a round whose deadline is over, notes who is away, and takes back places that are of no use. A host
    /// calls it every second or so.
    /// </summary>
    public async Task TickAsync(CancellationToken cancellation)
    {
        await CloseAsync(cancellation).ConfigureAwait(false);
        foreach (int client in members.Where(client => attendance.IsSilent(client) && news.Latest.TaskOf(client) is null))
            await written.HappenAsync(now => written.State.Members.Contains(client) ? new WentAway(now, client)
                : null, cancellation).ConfigureAwait(false);
        // What a client has spent of a budget stays with its place, so it cannot come again to another.
        if (definition.Plan is { Privacy: not null } or { Budget: not null })
            return;
        // Clients that nobody invited hold places for others to have: who is gone for long, or takes work and does none, loses
        // its own.
        foreach (var (client, name) in places.Names.Where(place => PlaceBook.IsUninvited(place.Value)
            && attendance.WhyUnused(place.Key, written.State) is not null))
        {
            await written.HappenAsync(
                now => places.Names.GetValueOrDefault(client) == name && attendance.WhyUnused(client, written.State) is { } why
                    ? new PlaceGivenBack(now, client, why, Forgives: false) : null, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Everything that an operator sees, also while a write that cannot be made holds everything up.</summary>
    /// <param name="since">Only rounds after this one are told.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public async Task<FederationOverview> OverviewAsync(int since, CancellationToken cancellation)
    {
        using var mine = await written.TurnAsync(LongestTurn, cancellation).ConfigureAwait(false);
        var now = mine is not null ? news.Now : news.Now with { Message = "The server waits for its storage." };
        var state = written.State;
        var budget = BudgetOf(state);
        return new FederationOverview(now, definition.Plan.RoundsIn(state), state.Members.Count, state.Added,
            history.UplinkBytes + written.Books.UplinkBytes, history.DownlinkBytes + downloads.Bytes, history.Since(since))
        {
            Absent = state.Phase == Phase.Waiting ? AbsentIn(state) : [],
            Needed = definition.Plan.NeededIn(state),
            MostParticipations = state.MostParticipations,
            Budget = budget?.Sentence ?? "",
            BudgetNumbers = budget is null ? null
                : new BudgetNumbers(definition.Plan.Budget!.Scope, budget.Bytes, budget.Spent, budget.Unused),
            AtWork = [.. state.Tasks.Values.Where(task => state.IsAtWork(task.Part.Client))
                .Select(task => new MemberAtWork(places.Names.GetValueOrDefault(task.Part.Client, ""), task.Version))],
            AskedLess = [.. state.Absences.Where(entry => state.Members.Contains(entry.Key))
                .Select(entry => new AbsentMember(places.Names.GetValueOrDefault(entry.Key, ""), entry.Value.Own,
                    entry.Value.Rest))],
        };
    }

    /// <summary>Ends background work; what is durable stays.</summary>
    public async ValueTask DisposeAsync()
    {
        following?.Dispose();
        updates.LetGo();
        await retry.CloseAsync().ConfigureAwait(false);
        await applying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await updates.SettleAsync().ConfigureAwait(false);
        if (sums is not null)
            await sums.SettleAsync().ConfigureAwait(false);
        (aggregator as IDisposable)?.Dispose();
        news.End();
        retry.Dispose();
    }

    FederationFigures Figures => new(members.Count, news.Latest.ModelVersion, history.Accuracy);

    async Task BeginAsync(CancellationToken cancellation)
    {
        foreach (int client in places.Names.Keys)
            attendance.See(client);
        Announce();
        following = metrics.Follow(() => Figures);
        using var mine = await written.TurnAsync(cancellation).ConfigureAwait(false);
        if (written.State.HasEnded)
            applying = RetireAfterAsync(applying);
        else
            updates.GoOn();
        if (written.State.Phase == Phase.Applying && !UnmasksFirst())
            applying = ApplyAfterAsync(applying);
    }

    Task HeardAsync(int client) => written.State.Members.Contains(client) || attendance.IsResting(client) || !places.Has(client)
        ? Task.CompletedTask : written.HappenAsync(new CameBack(written.Now, client));

    void Enter(BooksEntry entry)
    {
        Announce();
        if (IsToApply(entry))
            applying = ApplyAfterAsync(applying);
        if (entry.After.HasEnded)
            applying = RetireAfterAsync(applying);
    }

    void Announce()
    {
        members = written.State.Members;
        news.Announce(journal.Epoch, written.State, journal.Head.Version, places.Vacated, places.GivenBack, sums?.Stands);
    }

    // The next round may close while what the last one left is still being cleared away.
    async Task ApplyAfterAsync(Task before)
    {
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            int round = await maker.MakeAsync().ConfigureAwait(false);
            if (written.State.HasEnded)
                await clearing.RetireAsync(updates.SettleAsync).ConfigureAwait(false);
            await clearing.ClearAsync(round).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (retry.Closing.IsCancellationRequested)
        {
        }
        catch (Exception problem)
        {
            // Nobody awaits this; the next start finds the round where it stood.
            LogNotApplied(logger, definition.Name, written.State.Current.Round, problem);
            Fault(problem);
        }
    }

    async Task RetireAfterAsync(Task before)
    {
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await clearing.RetireAsync(updates.SettleAsync).ConfigureAwait(false);
    }

    void Fault(Exception problem)
    {
        news.Message = problem.Message;
        faulted.TrySetResult();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Federation}: round {Round} could not be applied")]
    static partial void LogNotApplied(ILogger logger, string federation, int round, Exception problem);
}

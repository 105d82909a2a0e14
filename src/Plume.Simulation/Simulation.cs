using System.Collections.Immutable;
using System.Security.Cryptography;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Federation.Books;
using Plume.Federation.Budgets;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Simulation.Clients;
using Plume.Simulation.Shadows;

namespace Plume.Simulation;

/// <summary>
/// A whole federation in one process: any number of virtual clients through the same rules and codecs as on a network,
/// every update really encoded and decoded. The same seed gives the same bits, whatever the number of threads.
/// </summary>
/// <remarks>
/// Memory: the server's model, sum and optimizer, one trained model a thread, the payloads of one round, and the
/// clients' memories up to <see cref="SimulationOptions.ClientMemory"/>.
/// </remarks>
public sealed partial class Simulation : IDisposable
{
    readonly SimulationOptions options;
    readonly ILearner learner;
    readonly TimeProvider time;
    readonly RandomKey key;
    readonly Codec uplink;
    readonly RoundBooks books;
    readonly GlobalModel global;
    readonly RoundSum sum;
    readonly ClientMemories memories;
    readonly VirtualClients clients;
    readonly ClientsAtWork? atWork;
    readonly ModelMeasure measure;
    readonly Shadow[] shadows;
    readonly ShadowSteps shadowSteps;
    readonly UpdateObserver? observer;
    readonly int[] versions;
    readonly ClientLink[]? links;
    readonly ClientCost[] costs;
    readonly List<RoundMetrics> metrics = [];
    readonly Queue<FederationCommand> pending = [];
    readonly Merging merging;
    readonly float firstStep;
    readonly RandomNumberGenerator secrets = RandomNumberGenerator.Create();
    RoundCosts roundCosts;
    SecureExchange? exchange;
    long started, opened, toldSumBytes;
    ReadOnlyMemory<byte> lastUplink;
    RoundPart lastPart;

    /// <summary>Prepares a run.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="learner">Trains for every client, each by <see cref="ILearner.Of"/>; its layout is the server's.</param>
    /// <param name="evaluator">Measures the model that clients see.</param>
    /// <param name="initial">Version 0, known to all.</param>
    /// <param name="time">For the seconds in the metrics; nothing else depends on it.</param>
    /// <param name="observer">Is shown every update that the server takes in; changes no bit of the run.</param>
    /// <exception cref="ArgumentException">The options break rules; all of them are in the message.</exception>
    /// <exception cref="FormatException">A codec's line breaks a rule.</exception>
    public Simulation(SimulationOptions options, ILearner learner, IEvaluator evaluator, float[] initial, TimeProvider time,
        UpdateObserver? observer = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(initial);
        string problems = string.Join(" ", options.Problems());
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(options));
        if (Participant.Misfit(learner, options.Plan.Method, options.Plan.Objective.Teaching) is { } misfit)
            throw new ArgumentException($"The federation {misfit}", nameof(learner));
        if (observer is not null && !options.Plan.Method.SendsUpdates)
            throw new ArgumentException($"By '{options.Plan.Method}' no updates travel that an observer could see.", nameof(observer));
        if (observer is not null && options.Plan.Uplink.IsSecure)
            throw new ArgumentException("Under 'secure' nobody sees single updates: no observer could be shown any.", nameof(observer));
        if (SecureRound.Misfit(options.Plan, learner.Layout) is { } insecure)
            throw new ArgumentException(insecure, nameof(options));
        if (options.Shadows.Count > 0 && options.Plan.Answer(learner.Layout).Length != learner.Layout.Length)
            throw new ArgumentException($"A shadow encodes each update by another line, and by '{options.Plan.Method}' clients "
                + $"send more or less than an update of the whole model. Let training be averaging.", nameof(options));
        options = options.WithBudgetFor(learner.Layout);
        (this.options, this.learner, this.time, this.observer) = (options, learner, time, observer);
        var layout = learner.Layout;
        key = RandomKey.FromSeed(options.Seed);
        uplink = options.Plan.Uplink;
        double usualNorm = options.Plan.Method.UsualNorm(layout, initial);
        firstStep = uplink.IsSecure ? SecureRound.FirstStep(options.Plan, layout, usualNorm) : 0;
        books = new RoundBooks(options.Plan, key, usualNorm, NoteLimit.None, options.EvaluateEvery,
            RoundBytes.Of(options.Plan, layout));
        var plan = options.Plan;
        global = new GlobalModel(plan, layout, initial, options.Server, key, options.Threads, options.HistoryMemory,
            options.Student);
        sum = new RoundSum(plan, layout, key, plan.MostContributors);
        int[] lengths = ClientMemories.LengthsOf(options.Plan, learner, uplink);
        memories = new ClientMemories(client => lengths[plan.Method.CapacityOf(client)], lengths.Max(), options.ClientMemory,
            options.SpillFolder);
        (versions, costs) = (new int[plan.Clients], new ClientCost[plan.Clients]);
        links = options.Links is { } given
            ? [.. Enumerable.Range(0, plan.Clients).Select(client => given.Of(options.Seed, client))] : null;
        roundCosts = NewCosts();
        clients = new VirtualClients(options, learner, uplink, memories, key, links, time,
            keepUpdates: observer is not null || options.Shadows.Count > 0);
        atWork = plan.Buffered is null ? null : new ClientsAtWork(clients, links, key, options.Threads);
        merging = new Merging(options, key, global, sum, books);
        measure = new ModelMeasure(plan, learner, evaluator, global, memories);
        shadows = [.. options.Shadows.Select(line => new Shadow(options, line, learner, initial, key, links, OwnMemory))];
        shadowSteps = new ShadowSteps(shadows, options.Threads);
    }

    /// <summary>The server's exact model.</summary>
    public ReadOnlyMemory<float> Model => global.ExactWeights;

    /// <summary>The model that clients see: what the downlink's codec left of the exact one.</summary>
    public ReadOnlyMemory<float> Published => global.Weights;

    /// <summary>
    /// Bits that each tensor took in the last update of the whole model that was taken in, in the order of the layout; empty
    /// before, and where no updates travel.
    /// </summary>
    public IReadOnlyList<long> MeasureLastUplink() => lastUplink.IsEmpty ? []
        : TensorBits.Of(options.Plan, learner.Layout, options.Plan.Answer(learner.Layout),
            sum.MeasureTensors(lastPart, lastUplink));

    /// <summary>Bits that each tensor took in the last version's payload; empty before.</summary>
    public IReadOnlyList<long> MeasureLastDownlink() =>
        TensorBits.Of(options.Plan, learner.Layout, options.Plan.Published(learner.Layout), global.Broadcast.MeasureLast());

    /// <summary>The rounds so far.</summary>
    public IReadOnlyList<RoundMetrics> Metrics => metrics;

    /// <summary>What the rounds so far have cost each client.</summary>
    public IReadOnlyList<ClientCost> Costs => costs;

    /// <summary>Each client's link; empty where none are given.</summary>
    public IReadOnlyList<ClientLink> Links => links ?? [];

    /// <summary>The same run by other codecs, in the order of <see cref="SimulationOptions.Shadows"/>.</summary>
    public IReadOnlyList<Shadow> Shadows => shadows;

    /// <summary>Why there is no further round though not all are done; null where there is one, or where all are.</summary>
    public string? WhyEnded => books.WhyEnded;

    /// <summary>The rounds of the client that took part in the most, where the plan promises privacy.</summary>
    public int MostParticipations => books.State.MostParticipations;

    /// <summary>Where the run stands with its budget of bytes.</summary>
    public Spending Spending => books.State.Spending;

    /// <summary>Whether all rounds are done.</summary>
    public bool IsFinished => books.State.Phase == Phase.Finished;

    /// <summary>All that a later run needs to go on from the end of the last round to the same bits.</summary>
    /// <exception cref="InvalidOperationException">A round is under way.</exception>
    public byte[] Save()
    {
        if (books.State.Phase is Phase.Applying or Phase.Abandoned)
            throw new InvalidOperationException(
                $"Only a federation between rounds can be kept; this one is {books.State.Phase}.");
        var kept = new Dictionary<int, float[]>();
        foreach (int client in memories.Clients)
            memories.Load(client, kept[client] = new float[memories.LengthOf(client)]);
        return new Checkpoint(Fingerprint, global.Exact.ToArray(), [.. global.Broadcasts.Select(broadcast => broadcast.Keep())],
            global.Memory.ToArray(), versions, OfClients(books.State.Participations), metrics, costs, kept)
        { LastRounds = OfClients(books.State.LastRounds), Spending = Spending.Unasked(), Work = atWork?.Keep() ?? KeptWork.None }
            .ToBytes();
    }

    /// <summary>Goes back to where the run that saved these bytes stood.</summary>
    /// <exception cref="InvalidPayloadException">The bytes are damaged, or of other settings.</exception>
    /// <exception cref="InvalidOperationException">This run has begun, or has shadows, of which nothing is kept.</exception>
    public void Resume(ReadOnlySpan<byte> saved)
    {
        if (shadows.Length > 0)
            throw new InvalidOperationException("What shadows remember is not kept: a run that is resumed can have none.");
        if (books.State.Phase != Phase.Waiting)
            throw new InvalidOperationException("A simulation that has begun cannot be resumed; make a new one.");
        var kept = Checkpoint.Read(saved, Fingerprint);
        global.Restore(kept.Model, kept.Optimizer, kept.Broadcasts);
        kept.Versions.CopyTo(versions, 0);
        kept.Costs.CopyTo(costs, 0);
        metrics.AddRange(kept.Metrics);
        foreach (var (client, memory) in kept.Memories)
            memories.Commit(client, memory);
        books.RestoreAfter([.. metrics.Select(round => round.Norm)], Now, new CarriedOver
        {
            SharedStep = metrics.LastOrDefault()?.NextStep,
            Clip = metrics.LastOrDefault()?.NextClip,
            Spread = metrics.LastOrDefault(round => round.Spread is not null)?.Spread,
            Participations = ByClient(kept.Participations),
            LastRounds = ByClient(kept.LastRounds),
            Spending = kept.Spending,
            AtWork = [.. kept.Work.Tasks.Select(task => task.Part)],
        });
        atWork?.Restore(kept.Work);
        if (books.State.Phase == Phase.Collecting)
            pending.Enqueue(new PublishRound(books.State.Current));
        foreach (var task in books.State.Tasks.Values.Where(task => task.Part.Round == books.State.Current.Round)
            .OrderBy(task => task.Part.Attempt))
            pending.Enqueue(new AskClient(task));
    }

    // Of clients that took part in no round there is nothing.
    int[] OfClients(ImmutableSortedDictionary<int, int> rounds) => rounds.IsEmpty ? []
        : [.. Enumerable.Range(0, options.Plan.Clients).Select(client => rounds.GetValueOrDefault(client))];

    static ImmutableSortedDictionary<int, int> ByClient(int[] rounds) => rounds.Index().Where(entry => entry.Item > 0)
        .ToImmutableSortedDictionary(entry => entry.Index, entry => entry.Item);

    ulong Fingerprint => options.TextOf(learner.Layout).Fingerprint;

    /// <summary>Runs the next round to its end.</summary>
    /// <returns>What it did; null when all rounds are done.</returns>
    /// <exception cref="QuorumException">The round could not find its quorum.</exception>
    public RoundMetrics? NextRound()
    {
        if (books.State.Phase == Phase.Waiting)
            Tell(new Started());
        while (pending.TryDequeue(out var command) || TakesNextAnswer())
        {
            switch (command)
            {
                case AskClient ask:
                    Ask(ask.Task.Part);
                    break;
                case PublishRound publish when atWork is not null:
                    Begin(publish.Plan);
                    break;
                case PublishRound publish:
                    RunRound(publish.Plan);
                    break;
                case ApplyMean apply when exchange is null || apply.Contributors.Count == 0:
                    return ApplyMean(apply, () => merging.MakeNext(apply.Contributors.Count, books.WeightsByCapacity));
                case ApplyMean apply:
                    if (Unmasked(apply) is { } figures)
                        return figures;
                    break;
                case Abandon abandon:
                    throw exchange is null
                        ? QuorumException.Of(abandon.Message, books.Refused)
                        : new QuorumException($"{abandon.Message} Let fewer clients drop out during a secure sum, ask for more "
                            + $"of them, or try a round more often.");
            }
        }

        return null;
    }

    void Begin(RoundPlan plan)
    {
        if (plan.Attempt == 1)
            (roundCosts, toldSumBytes, started, opened) = (NewCosts(), 0, time.GetTimestamp(), atWork?.Now ?? 0);
        else
            roundCosts.TryAgain();
        lastUplink = default;
        merging.Begin();
        sum.Begin(plan, capacity => global.Broadcasts[capacity].Published);
    }

    void RunRound(RoundPlan plan)
    {
        Begin(plan);
        foreach (int client in plan.Participants)
            Download(client);
        shadowSteps.Now(shadow => shadow.Begin(plan));
        BeginSum(plan);
        var spending = books.State.Spending;
        clients.Run(plan, client => BroadcastTo(client).Published, exchange is null ? null : exchange.RoundOf,
            spending.MostUploadOf, (client, result) => Deliver(plan.PartOf(client), plan.ModelVersion, result));
        if (exchange is not null)
            Gather(plan, exchange);
    }

    long Download(int client)
    {
        long bytes = BroadcastTo(client).From(versions[client]).Length;
        roundCosts.Download(client, bytes);
        versions[client] = global.Broadcast.Version;
        return bytes;
    }

    // Where rounds are buffered: a client begins to work, and whoever is done first answers.
    void Ask(RoundPart part) =>
        atWork!.Ask(part, global.Broadcast.Version, BroadcastTo(part.Client).Published, Download(part.Client));

    bool TakesNextAnswer()
    {
        if (atWork is null || books.State.Phase != Phase.Collecting)
            return false;
        var next = atWork.Next((options.Plan.Rounds - metrics.Count) * (long)options.Plan.MostContributors - books.State.Added);
        Deliver(next.Task.Part, next.Task.Version, next.Result!);
        return true;
    }

    Broadcast BroadcastTo(int client) => global.Broadcasts[options.Plan.Method.CapacityOf(client)];

    void Deliver(RoundPart part, int version, ClientResult result)
    {
        int client = part.Client;
        roundCosts.Answer(client, options.Plan.Method.CapacityOf(client), result.Seconds, exchange is null
            ? result.Sent.Payload.Length : 0, DrawKeys.Task(key, part));
        shadowSteps.Later(shadow => shadow.Answer(part, result.Sent.Problem is null ? result.Update : [], result.Seconds));
        if (result.Sent.Problem is { } problem)
        {
            Tell(new ClientDropped(client) { Problem = problem.Length > 0 ? problem : null, Sent = 0 });
            return;
        }

        if (exchange is not null)
            exchange.Add(client, result);
        else
            Tell(new UpdateArrived(client, part.Round, part.Attempt, version, result.Sent.Outcome.Samples)
            { Length = result.Sent.Payload.Length, Loss = result.Sent.Outcome.Loss }, result);
    }

    FederationEvent Add(int round, AddUpdate add, ClientResult result)
    {
        double norm;
        try
        {
            norm = sum.Add(books.PartOf(add.Client), add.Weight, result.Sent.Payload);
        }
        catch (InvalidPayloadException refusal)
        {
            return new UpdateInvalid(add.Client, refusal.Message);
        }

        memories.Commit(add.Client, result.Sent.Memory);
        merging.Keep(add.Client, result.Sent.Payload);
        var added = books.PartOf(add.Client);
        shadowSteps.Later(shadow => shadow.Add(added, add.Weight));
        observer?.Invoke(round, add.Client, new ModelWeights(learner.Of(add.Client).Layout, result.Update));
        ReadUpdate(round, add.Client, result.Sent.Payload);
        if (options.Plan.Method.CapacityOf(add.Client) == 0)
            (lastPart, lastUplink) = (books.PartOf(add.Client), result.Sent.Payload);
        return new UpdateAdded(add.Client, norm);
    }

    // What a client remembers beside its codecs' residuals.
    float[] OwnMemory(int client)
    {
        var all = new float[memories.LengthOf(client)];
        memories.Load(client, all);
        return all[options.Plan.Answer(learner.Layout).MemoryLength..];
    }

    RoundCosts NewCosts() => new(links, costs, options.Plan.Method.Capacities.Count);

    RoundMetrics ApplyMean(ApplyMean apply, Func<IReadOnlyList<string>> makeNext)
    {
        var notes = makeNext();
        shadowSteps.Now(shadow => shadow.Apply(apply.Round, apply.Contributors, books.WeightsByCapacity, global.Weights.Span));
        double seconds = time.GetElapsedTime(started).TotalSeconds;
        var evaluation = books.IsMeasured(apply.Round) ? measure.Of(apply.Contributors) : null;
        var round = books.Figures(evaluation, roundCosts.DownlinkBytes, seconds) with
        {
            ClientSeconds = roundCosts.ClientSeconds,
            SecondsByCapacity = roundCosts.SecondsByCapacity,
            LinkSeconds = links is null ? null : atWork?.SecondsSince(opened) ?? roundCosts.LinkSeconds(apply.Contributors),
        };
        if (notes.Count > 0)
            round = round with { Bounded = [.. round.Bounded, .. notes] };
        round = round with { NextClip = global.NextClip, Spread = global.Spread };
        metrics.Add(round);
        var bytes = RoundBytes.Published(books.State, global.Broadcast);
        Tell(new ModelApplied { NextClip = global.NextClip, Spread = global.Spread, Bytes = bytes });
        return round;
    }

    // Virtual clients answer or drop out; no deadline passes, and a constant keeps runs alike.
    static DateTimeOffset Now => DateTimeOffset.UnixEpoch;

    void Tell(FederationEvent happened, ClientResult? result = null)
    {
        foreach (var command in books.Happen(happened, Now))
        {
            if (command is AddUpdate add)
                Tell(Add(books.State.Current.Round, add, result!));
            else if (command is not (RefuseUpdate or ReportBounded))
                pending.Enqueue(command);
        }
    }

    /// <summary>Deletes the file of memories, if there is one.</summary>
    public void Dispose()
    {
        exchange?.Dispose();
        secrets.Dispose();
        memories.Dispose();
        Array.ForEach(shadows, shadow => shadow.Dispose());
    }
}

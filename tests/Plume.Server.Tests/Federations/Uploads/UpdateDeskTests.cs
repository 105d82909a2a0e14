using Plume.Compression.Codecs;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Plume.Compression.Aggregation;
using Plume.Compression.Weights;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Sums;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Federations.Uploads;
using Plume.Server.Federations.Writing;
using Plume.Server.Storage;
using Plume.Server.Tests.Storage;

namespace Plume.Server.Tests.Federations.Uploads;

/// <summary>
/// An update is answered when its outcome is durable, counts once, and has the same answer however often it is sent.
/// </summary>
public class UpdateDeskTests
{
    static readonly FederationPlan Plan = new(2, 5, 2, new LocalObjective(1, 1, 0.1), Codec.Floats, Codec.Floats)
    {
        StartWith = 2,
        Quorum = 2,
        SampleCap = 10,
    };
    static readonly ModelLayout Layout = ModelLayout.Of([("w", [2], TensorRole.Weight)]);

    readonly LedgerInMemory ledger = new();
    readonly Sums sums = new();
    WrittenBooks written = null!;

    [Fact]
    public async Task It_is_answered_when_arrival_and_outcome_are_in_the_ledger()
    {
        var desk = await OpenAsync();
        Assert.Equal(new UploadOutcome(true, "", ""), await desk.ArriveAsync(Update(0), default));
        Assert.Equal(["place", "place", "arrived", "added"], Events);
        Assert.Equal([0], desk.Contributions.Select(update => update.Update.Client));
    }

    [Fact]
    public async Task The_same_again_has_the_same_answer_and_counts_once()
    {
        var desk = await OpenAsync();
        var first = await desk.ArriveAsync(Update(0), default);
        Assert.Equal(first, await desk.ArriveAsync(Update(0), default));
        Assert.Equal(first, await desk.ConsiderAsync(Update(0), default));
        Assert.Equal(1, sums.Added);
        Assert.Equal(nameof(Refusal.Duplicate), (await desk.ArriveAsync(Update(0) with { Sha256 = "other" }, default)).Rule);
    }

    [Fact]
    public async Task Two_that_come_at_once_are_one()
    {
        var desk = await OpenAsync();
        sums.Gate = new TaskCompletionSource();
        Task<UploadOutcome>[] both = [desk.ArriveAsync(Update(0), default), desk.ArriveAsync(Update(0), default)];
        sums.Gate.SetResult();
        Assert.All(await Task.WhenAll(both), outcome => Assert.True(outcome.IsCounted));
        Assert.Equal(1, sums.Added);
    }

    [Fact]
    public async Task Bytes_that_break_a_rule_are_refused_once_and_for_all()
    {
        var desk = await OpenAsync();
        sums.Problem = "it is not finite";
        var refused = await desk.ArriveAsync(Update(1), default);
        Assert.Equal((false, nameof(Refusal.Invalid), "The update of client 1 is refused: it is not finite"),
            (refused.IsCounted, refused.Rule, refused.Message));
        Assert.Equal(refused, await desk.ArriveAsync(Update(1), default));
        Assert.False(Assert.Single(desk.SettledIn(1)).IsCounted);
    }

    [Fact]
    public async Task No_byte_is_sent_for_an_update_that_would_be_refused()
    {
        var desk = await OpenAsync();
        Assert.Null(await desk.ConsiderAsync(Update(0), default));
        Assert.Equal(nameof(Refusal.Stale), (await desk.ConsiderAsync(Update(0) with { Attempt = 2 }, default))!.Rule);
        Assert.Equal(["place", "place"], Events);
    }

    [Fact]
    public async Task Storage_that_is_away_delays_an_answer_and_an_outcome_that_nobody_knows_ends_the_owner()
    {
        var desk = await OpenAsync();
        Exception? fault = null;
        desk.Faulted = problem => fault = problem;
        sums.Failure = new IOException("no space left");
        Assert.True((await desk.ArriveAsync(Update(0), default)).IsCounted);
        sums.Gate = new TaskCompletionSource();
        var second = desk.ArriveAsync(Update(1), default);
        ledger.Failure = new UnknownOutcomeException("The connection broke.");
        sums.Gate.SetResult();
        await Assert.ThrowsAsync<UnknownOutcomeException>(() => second);
        Assert.IsType<UnknownOutcomeException>(fault);
    }

    [Fact]
    public async Task What_arrived_before_a_crash_is_settled_after_it()
    {
        var before = await OpenAsync();
        await before.ArriveAsync(Update(0), default);
        sums.Gate = new TaskCompletionSource();
        _ = before.ArriveAsync(Update(1), default);
        // Its adding goes on by itself: without the gate before it is there, it would be settled before the crash.
        await sums.AtGate.Task;
        sums.Gate = null;
        var desk = await OpenAsync();
        Assert.Equal(Phase.Collecting, written.State.Phase);
        desk.GoOn();
        await desk.SettleAsync();
        Assert.Equal(Phase.Applying, written.State.Phase);
        Assert.Equal([0, 1], desk.Contributions.Select(update => update.Update.Client));
    }

    IEnumerable<string> Events =>
        ledger.Events.Select(bytes => System.Text.Json.JsonDocument.Parse(bytes).RootElement.GetProperty("event").GetString()!);

    async Task<UpdateDesk> OpenAsync()
    {
        var journal = new Journal(ledger, "toy", "Toy");
        var time = new SteadyTime(TimeProvider.System);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var metrics = new ServerMetrics(meters).For("Toy");
        var definition = new FederationDefinition("Toy", Plan, Seed: 1, Layout, () => new float[2]);
        written = new WrittenBooks("Toy", new RoundBooks(Plan, definition.Key, modelNorm: 1, NoteLimit.None), journal, time,
            metrics, NullLogger.Instance);
        var desk = new UpdateDesk(definition, written, journal, sums, new StorageRetry("Toy", metrics, time, NullLogger.Instance),
            metrics);
        written.Tell(desk);
        var content = await journal.TakeOverAsync(default);
        written.Replay(content.Events.Select(LedgerEvent.FromBytes));
        if (content.Events.Count == 0)
        {
            foreach (int client in (int[])[0, 1])
                await written.HappenAsync(now => new PlaceTaken(now, client, $"client {client}"), default);
        }

        return desk;
    }

    static ArrivedUpdate Update(int client) => new(client, 1, 1, 0, 5, 0.5, 100, $"hash of {client}");

    /// <summary>Takes in every update, or says what a test wants.</summary>
    sealed class Sums : IAggregator
    {
        public int Added { get; private set; }

        public string? Problem { get; set; }

        /// <summary>Thrown once.</summary>
        public Exception? Failure { get; set; }

        public TaskCompletionSource? Gate { get; set; }

        /// <summary>Completes when an update first waits at the gate.</summary>
        public TaskCompletionSource AtGate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<AddedUpdate> AddAsync(WeightedUpdate update, RoundPlan plan, CancellationToken cancellation)
        {
            if (Gate is { } gate)
            {
                AtGate.TrySetResult();
                await gate.Task;
            }

            if (Failure is { } failure)
            {
                Failure = null;
                throw failure;
            }

            Added++;
            return new AddedUpdate(1, Problem);
        }

        public Task<ExactSum> SumAsync(IReadOnlyList<WeightedUpdate> updates, RoundPlan plan, CancellationToken cancellation) =>
            throw new NotSupportedException("No round is applied here.");
    }
}

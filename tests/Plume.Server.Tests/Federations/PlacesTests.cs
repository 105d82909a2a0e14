using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Capacities;
using Plume.Federation.Models;
using Plume.Federation.Notation;
using Plume.Federation.Rounds;
using Plume.Server.Federations;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Sums;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Storage;
using LocalObjective = Plume.Federation.Learners.LocalObjective;

namespace Plume.Server.Tests.Federations;

/// <summary>How places are taken, given back and taken again, also by an owner that reads them from the ledger.</summary>
public sealed class PlacesTests : IAsyncDisposable
{
    const int Clients = 4, Rounds = 8;

    static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10), Away = TimeSpan.FromMinutes(2),
        Unused = TimeSpan.FromMinutes(30);
    static readonly ModelLayout Layout = ModelLayout.Of([("dense.weight", [1, 6], TensorRole.Weight)]);

    readonly string folder = Directory.CreateTempSubdirectory("plume-places-").FullName;
    readonly JumpingTime time = new();
    ServerStorage? storage;
    Coordinator? coordinator;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_place_that_was_given_back_is_free_for_another_and_stays_so_over_restarts(int rounds)
    {
        await OpenAsync();
        await JoinAsync("one", "two", "three", "four");
        await PlayAsync(rounds);
        Assert.Equal((-1, "All 4 places of the federation are taken; its operator can give one back."),
            await coordinator!.JoinAsync("five", null, 0, null, default));
        Assert.Equal(1, await coordinator.GiveBackAsync("two", "admin", default));
        Assert.Null(await coordinator.GiveBackAsync("two", "admin", default));
        Assert.Null(coordinator.NumberOf("two"));
        await AgainAsync();
        Assert.Equal([(0, "one"), (2, "three"), (3, "four")], await PlacesAsync());

        Assert.Equal((1, null), await coordinator.JoinAsync("five", null, 0, null, default));
        Assert.Equal(-1, (await coordinator.JoinAsync("two", null, 0, null, default)).Number);
        await AgainAsync();
        Assert.Equal([(0, "one"), (1, "five"), (2, "three"), (3, "four")], await PlacesAsync());
        Assert.Equal(1, coordinator.NumberOf("five"));
        await PlayAsync(1);
        await AgainAsync();
        Assert.Equal([(0, "one"), (1, "five"), (2, "three"), (3, "four")], await PlacesAsync());
    }

    [Fact]
    public async Task Who_loses_its_place_in_a_round_has_no_part_in_it_nor_who_gets_the_place()
    {
        await OpenAsync();
        await JoinAsync("one", "two", "three", "four");
        await SendAsync(0);
        await coordinator!.GiveBackAsync("two", "admin", default);
        Assert.Null(coordinator.Snapshot.TaskOf(1));
        await JoinAsync("five");
        Assert.Null(coordinator.Snapshot.TaskOf(1));
        await AgainAsync();
        Assert.Null(coordinator.Snapshot.TaskOf(1));
        await SendAsync(2);
        await SendAsync(3);
        await ReachAsync(1);
        Assert.NotNull(coordinator.Snapshot.TaskOf(1));
        await SendAsync(1);
    }

    [Fact]
    public async Task A_call_of_whoever_had_the_place_does_not_bring_it_back()
    {
        await OpenAsync();
        await JoinAsync("one", "two", "three", "four");
        await coordinator!.GiveBackAsync("two", "admin", default);
        await coordinator.SeenAsync(1, default);
        Assert.Equal([0, 2, 3], (await coordinator.PlacesAsync(default)).Where(place => place.IsThere)
            .Select(place => place.Number));
    }

    [Fact]
    public async Task Silos_hear_that_a_place_was_given_back_and_of_nothing_else()
    {
        await OpenAsync();
        await JoinAsync("one", "two", "three", "four");
        long before = coordinator!.Snapshot.PlacesSince;
        await PlayAsync(1);
        Assert.Equal(before, coordinator.Snapshot.PlacesSince);
        await coordinator.GiveBackAsync("two", "admin", default);
        Assert.True(coordinator.Snapshot.PlacesSince > before);
        before = coordinator.Snapshot.PlacesSince;
        await AgainAsync();
        Assert.True(coordinator!.Snapshot.PlacesSince > before);
    }

    [Theory]
    [InlineData("flower/id/a", true)]
    [InlineData("flower/peer/10.0.0.1/7", true)]
    [InlineData("site-a", false)]
    public async Task A_stranger_that_vanished_loses_its_place_after_a_while_and_an_invited_client_never(string name, bool isLost)
    {
        await OpenAsync(startWith: 4);
        await JoinAsync("one", name);
        time.Pass(Away + TimeSpan.FromSeconds(1));
        await coordinator!.SeenAsync(0, default);
        await coordinator.TickAsync(default);
        Assert.Equal([(0, "one"), (1, name)], await PlacesAsync());
        time.Pass(Unused);
        await coordinator.SeenAsync(0, default);
        await coordinator.TickAsync(default);
        Assert.Equal(isLost ? [(0, "one")] : [(0, "one"), (1, name)], await PlacesAsync());
        await AgainAsync(startWith: 4);
        Assert.Equal(isLost ? [(0, "one")] : [(0, "one"), (1, name)], await PlacesAsync());
    }

    [Fact]
    public async Task A_stranger_that_is_heard_of_keeps_its_place_and_a_restart_gives_it_its_time_anew()
    {
        await OpenAsync(startWith: 4);
        await JoinAsync("flower/id/a", "flower/id/b");
        for (int minute = 0; minute < 60; minute++)
        {
            time.Pass(TimeSpan.FromMinutes(1));
            await coordinator!.SeenAsync(0, default);
            await coordinator.TickAsync(default);
        }

        Assert.Equal([(0, "flower/id/a")], await PlacesAsync());
        time.Pass(TimeSpan.FromMinutes(20));
        await AgainAsync(startWith: 4);
        time.Pass(TimeSpan.FromMinutes(20));
        await coordinator!.TickAsync(default);
        Assert.Equal([(0, "flower/id/a")], await PlacesAsync());
        time.Pass(TimeSpan.FromMinutes(13));
        await coordinator.TickAsync(default);
        Assert.Empty(await PlacesAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stranger_that_takes_work_and_does_none_loses_its_place_at_the_third_time(bool tellsLate)
    {
        await OpenAsync(quorum: 1);
        await JoinAsync("one", "two", "three", "flower/id/silent");
        int asked = 0;
        for (int round = 1; round <= Rounds && (await PlacesAsync()).Length == Clients; round++)
        {
            bool isAsked = coordinator!.Snapshot.TaskOf(3) is not null;
            asked += isAsked ? 1 : 0;
            await SendAsync(0);
            await SendAsync(1);
            await SendAsync(2);
            if (isAsked && tellsLate)
                await coordinator.ReportAsync(3, round, 1, "The client did not answer.", isMissed: true, default);
            else if (isAsked)
                time.Pass(Deadline);
            for (int client = 0; client < Clients; client++)
                await coordinator.SeenAsync(client, default);
            await coordinator.TickAsync(default);
            await ReachAsync(round);
            if (coordinator.NumberOf("flower/id/silent") is not null)
                await coordinator.JoinAsync("flower/id/silent", null, 0, null, default);
            await coordinator.TickAsync(default);
        }

        Assert.Equal(3, asked);
        Assert.Equal([(0, "one"), (1, "two"), (2, "three")], await PlacesAsync());
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 3)]
    [InlineData(3, 1)]
    [InlineData(4, 0)]
    [InlineData(9, 0)]
    public async Task Strangers_take_what_is_not_kept_and_what_is_given_back_of_it(int kept, int strangers)
    {
        await OpenAsync(startWith: 4);
        for (int stranger = 0; stranger < 6; stranger++)
            Assert.Equal(stranger < strangers,
                (await coordinator!.JoinAsync($"flower/id/{stranger}", null, kept, null, default)).Problem is null);
        if (strangers == 0)
            return;
        await coordinator!.GiveBackAsync($"flower/id/{strangers - 1}", "admin", default);
        Assert.Equal((strangers - 1, null), await coordinator.JoinAsync("flower/id/next", null, kept, null, default));
        for (int invited = strangers; invited < Clients; invited++)
            Assert.Equal((invited, null), await coordinator.JoinAsync($"site-{invited}", null, 0, null, default));
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        Directory.Delete(folder, recursive: true);
    }

    async Task<(int, string)[]> PlacesAsync() =>
        [.. (await coordinator!.PlacesAsync(default)).Select(place => (place.Number, place.Name))];

    async Task JoinAsync(params string[] names)
    {
        foreach (string name in names)
            Assert.Null((await coordinator!.JoinAsync(name, null, 0, null, default)).Problem);
    }

    async Task PlayAsync(int rounds)
    {
        for (; rounds > 0; rounds--)
        {
            int version = coordinator!.Snapshot.ModelVersion;
            foreach (int client in coordinator.Snapshot.Participants)
                await SendAsync(client);
            await ReachAsync(version + 1);
        }
    }

    async Task ReachAsync(int version)
    {
        while (coordinator!.Snapshot.ModelVersion < version)
            await coordinator.WaitAsync(coordinator.Snapshot.Sequence, TimeSpan.FromMinutes(1), default);
    }

    async Task SendAsync(int client)
    {
        var now = coordinator!.Snapshot;
        float[] values = [.. Enumerable.Repeat(1f + client, Layout.Length)];
        var payload = new PayloadEncoder(ReceivedModel.Whole, Layout).Encode(values, default);
        string hash = Convert.ToHexStringLower(SHA256.HashData(payload.Span));
        var update = new ArrivedUpdate(client, now.Round, now.Attempt, now.ModelVersion, 1, 0.5, payload.Length, hash,
            IsFloats: true);
        string name = new BlobNames("toy").Upload(now.Round, now.Attempt, client, hash);
        await storage!.Blobs.AppendAsync($"{name}.part", 0, payload, default);
        await storage.Blobs.MoveAsync($"{name}.part", name, default);
        var outcome = await coordinator.ArriveAsync(update, default);
        Assert.True(outcome.IsCounted, outcome.Message);
    }

    // Of four places 0 and 2 are of capacity 1, and 1 and 3 of a half.
    [Fact]
    public async Task A_client_gets_a_place_of_the_largest_capacity_that_it_can_have_and_is_free()
    {
        var half = LayoutSlice.Of(Layout, [("dense.weight", 1, [0, 1, 2])]);
        await OpenAsync(exchange: plan =>
            plan with
            {
                Method = MethodNotation.Parse("submodels(1, 1/2)"),
                Smaller = [new CapacityModel(half.Part, _ => half)]
            });
        Assert.Equal((1, null), await coordinator!.JoinAsync("weak", null, 0, 1, default));
        Assert.Equal((0, null), await coordinator.JoinAsync("strong", null, 0, 0, default));
        Assert.Equal((1, null), await coordinator.JoinAsync("weak", null, 0, 1, default));
        Assert.Equal("Place 2 is of capacity 1, above the 1/2 that the client can have; join without a number to get one that "
            + "it can.", (await coordinator.JoinAsync("other", 2, 0, 1, default)).Problem);
        Assert.StartsWith("Client 'strong' has place 0, of capacity 1, above the 1/2 that it can have by now.",
            (await coordinator.JoinAsync("strong", null, 0, 1, default)).Problem, StringComparison.Ordinal);
        Assert.Equal((3, null), await coordinator.JoinAsync("other", null, 0, 1, default));
        Assert.Equal("All places of capacity 1/2 or less are taken, of the federation's 4; its operator can give one back.",
            (await coordinator.JoinAsync("late", null, 0, 1, default)).Problem);
        Assert.Equal((2, null), await coordinator.JoinAsync("late", null, 0, null, default));
    }

    async Task OpenAsync(int startWith = Clients, int quorum = 3, Func<FederationPlan, FederationPlan>? exchange = null)
    {
        var plan = new FederationPlan(Clients, Rounds, Participants: Clients, new LocalObjective(1, 8, 0.1),
            Codec.Floats, Codec.Floats)
        {
            StartWith = startWith,
            Quorum = quorum,
            Deadline = Deadline,
        };
        plan = exchange?.Invoke(plan) ?? plan;
        var definition = new FederationDefinition("toy", plan, Seed: 1, Layout, () => new float[Layout.Length])
        {
            Away = Away,
            UnusedPlace = Unused,
        };
        storage = ServerStorage.InFolder(folder);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        coordinator = await Coordinator.OpenAsync(
            definition, storage.Ledger, storage.Blobs, published => new LocalAggregator(definition, storage.Blobs, published),
            new ServerMetrics(meters).For("toy"), time, NullLogger.Instance, default);
    }

    async Task AgainAsync(int startWith = Clients)
    {
        await CloseAsync();
        await OpenAsync(startWith);
    }

    async Task CloseAsync()
    {
        if (coordinator is not null)
            await coordinator.DisposeAsync();
        (storage?.Ledger as IDisposable)?.Dispose();
        (coordinator, storage) = (null, null);
    }
}

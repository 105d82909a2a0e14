using Plume.Compression.Codecs;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Plume.Compression.Weights;
using Plume.Federation.Rounds;
using Plume.Server.Federations;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Sums;
using Plume.Server.Federations.Telemetry;
using Plume.Server.Storage;
using LocalObjective = Plume.Federation.Learners.LocalObjective;

namespace Plume.Server.Tests.Federations;

/// <summary>Deadlines and absences go by the time that passes, not by what a clock says that somebody sets.</summary>
public sealed class ClockTests : IAsyncDisposable
{
    static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10), Away = TimeSpan.FromMinutes(2);

    readonly string folder = Directory.CreateTempSubdirectory("plume-clock-").FullName;
    readonly JumpingTime time = new();
    ServerStorage? storage;
    Coordinator? coordinator;

    public static TheoryData<double> Jumps => [-48, -2, -0.1, 0, 0.1, 2, 24 * 366];

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task A_round_has_the_time_that_it_was_opened_with(double hours)
    {
        await OpenAsync();
        await JoinAllAsync();
        time.Pass(TimeSpan.FromMinutes(4));
        time.Set(TimeSpan.FromHours(hours));
        await AssertOpenAsync(left: TimeSpan.FromMinutes(6));
        time.Pass(TimeSpan.FromMinutes(5.9));
        await AssertOpenAsync(left: TimeSpan.FromMinutes(0.1));
        time.Pass(TimeSpan.FromMinutes(0.2));
        await coordinator!.TickAsync(default);
        Assert.Equal((1, 2), (coordinator.Snapshot.Round, coordinator.Snapshot.Attempt));
    }

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task A_client_is_away_when_it_was_silent_for_so_long(double hours)
    {
        await OpenAsync(startWith: 3);
        await coordinator!.JoinAsync("one", null, 0, null, default);
        await coordinator.JoinAsync("two", null, 0, null, default);
        time.Set(TimeSpan.FromHours(hours));
        time.Pass(Away - TimeSpan.FromSeconds(1));
        await coordinator.TickAsync(default);
        Assert.Equal(2, (await coordinator.OverviewAsync(0, default)).Members);
        await coordinator.SeenAsync(0, default);
        time.Pass(TimeSpan.FromSeconds(2));
        await coordinator.TickAsync(default);
        Assert.Equal(1, (await coordinator.OverviewAsync(0, default)).Members);
    }

    [Theory]
    [InlineData(-48)]
    [InlineData(-2)]
    public async Task A_restart_with_a_clock_that_was_set_back_gives_a_round_no_more_time_than_was_left(double hours)
    {
        await OpenAsync();
        await JoinAllAsync();
        time.Pass(TimeSpan.FromMinutes(4));
        await coordinator!.ReportAsync(0, 1, 1, "It is ill.", isMissed: false, default);
        await CloseAsync();
        time.Set(TimeSpan.FromHours(hours));
        await OpenAsync();
        await AssertOpenAsync(left: TimeSpan.FromMinutes(6));
    }

    [Fact]
    public async Task A_restart_after_a_while_counts_the_while()
    {
        await OpenAsync();
        await JoinAllAsync();
        await CloseAsync();
        time.Pass(TimeSpan.FromMinutes(7));
        await OpenAsync();
        await AssertOpenAsync(left: TimeSpan.FromMinutes(3));
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        Directory.Delete(folder, recursive: true);
    }

    async Task AssertOpenAsync(TimeSpan left)
    {
        await coordinator!.TickAsync(default);
        var now = (await coordinator.OverviewAsync(0, default)).Now;
        Assert.Equal((Phase.Collecting, 1, 1), (now.Phase, now.Round, now.Attempt));
        Assert.Equal(left.TotalSeconds, now.Left.TotalSeconds, tolerance: 0.001);
    }

    async Task JoinAllAsync()
    {
        await coordinator!.JoinAsync("one", null, 0, null, default);
        await coordinator.JoinAsync("two", null, 0, null, default);
        Assert.Equal(Phase.Collecting, coordinator.Snapshot.Phase);
    }

    async Task OpenAsync(int startWith = 2)
    {
        var layout = ModelLayout.Of([("dense.weight", [1, 6], TensorRole.Weight)]);
        var plan = new FederationPlan(Clients: 3, Rounds: 2, Participants: 2, new LocalObjective(1, 8, 0.1),
            Codec.Floats, Codec.Floats)
        {
            StartWith = startWith,
            Deadline = Deadline,
            Attempts = int.MaxValue,
        };
        var definition = new FederationDefinition("toy", plan, Seed: 1, layout, () => new float[layout.Length]) { Away = Away };
        storage = ServerStorage.InFolder(folder);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        coordinator = await Coordinator.OpenAsync(
            definition, storage.Ledger, storage.Blobs, published => new LocalAggregator(definition, storage.Blobs, published),
            new ServerMetrics(meters).For("toy"), time, NullLogger.Instance, default);
    }

    async Task CloseAsync()
    {
        if (coordinator is not null)
            await coordinator.DisposeAsync();
        (storage?.Ledger as IDisposable)?.Dispose();
        (coordinator, storage) = (null, null);
    }
}

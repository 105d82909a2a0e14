using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Plume.Client;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Protocol.V1;
using Plume.Server.Federations;
using Plume.Server.Hosting;
using Plume.Server.Storage;
using LocalObjective = Plume.Federation.Learners.LocalObjective;

namespace Plume.Server.Tests.Hosting;

/// <summary>Whoever asks a server about a federation that has ended hears so, as long as the server runs.</summary>
public sealed class EndedFederationTests : IAsyncDisposable
{
    const string Name = "short", Stopped = "An operator stopped the federation.";

    readonly string folder = Directory.CreateTempSubdirectory("plume-ended-").FullName;
    ServerStorage storage = null!;
    WebApplication app = null!;

    [Fact]
    public async Task Clients_that_come_when_all_rounds_are_done_hear_so_and_get_the_model()
    {
        await StartAsync(startWith: 1);
        var first = await JoinAsync("first");

        var late = await JoinAsync("late");

        Assert.Equal((true, 2, 2), (late.IsFinished, late.LastVersion, late.Version!.Value));
        Assert.Equal(first.Model.ToArray(), late.Model.ToArray());
    }

    [Fact]
    public async Task That_an_operator_stopped_it_is_heard_at_once_later_and_after_a_restart()
    {
        await StartAsync(startWith: 2);
        var waits = new TaskCompletionSource();
        var waiting = JoinAsync("waiting", step =>
        {
            if (step.Stage == ClientStage.Waiting)
                waits.TrySetResult();
        });
        await waits.Task;

        var status = await StopFederationAsync();

        Assert.Equal(("Stopped", Stopped), (status.Phase, status.Message));
        Assert.Equal((false, Stopped), Ending(await waiting));
        Assert.Equal((false, Stopped), Ending(await JoinAsync("late")));
        await EndAsync();
        await StartAsync(startWith: 2);
        Assert.Equal((false, Stopped), Ending(await JoinAsync("later")));
    }

    [Fact]
    public async Task A_server_that_is_to_stop_does_not_wait_for_those_who_watch_it()
    {
        await StartAsync(startWith: 2);
        using var channel = GrpcChannel.ForAddress(app.Urls.First());
        using var watch = new Operation.OperationClient(channel).Watch(new StatusRequest { Federation = Name }, Operator);
        Assert.True(await watch.ResponseStream.MoveNext(default));

        var stopping = app.StopAsync();

        await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await watch.ResponseStream.MoveNext(default))
            {
            }
        });
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        Directory.Delete(folder, recursive: true);
    }

    static ModelLayout Layout => ModelLayout.Of([("dense.weight", [1, 6], TensorRole.Weight)]);

    static Metadata Operator => new() { { "plume-client", "operator" } };

    static (bool IsFinished, string Message) Ending(JoinResult result) => (result.IsFinished, result.Message);

    async Task StartAsync(int startWith)
    {
        var plan = new FederationPlan(Clients: 4, Rounds: 2, Participants: 1, new LocalObjective(1, 8, 0.1), "pack", "pack") { StartWith = startWith };
        var definition = new FederationDefinition(Name, plan, Seed: 1, Layout, new float[Layout.Length]);
        storage = ServerStorage.InFolder(Path.Combine(folder, "state"));
        app = PlumeServer.Build(new ServerOptions([definition], storage) { Listen = new IPEndPoint(IPAddress.Loopback, 0) });
        await app.StartAsync();
    }

    async Task EndAsync()
    {
        await app.DisposeAsync();
        ((IDisposable)storage.Ledger).Dispose();
    }

    Task<JoinResult> JoinAsync(string name, Action<ClientProgress>? hear = null) => FederatedClient.JoinAsync(
        new ClientOptions { Server = new Uri(app.Urls.First()), Federation = Name, Name = name, Folder = Path.Combine(folder, name), Progress = new Ear(hear) }, _ => new AddsOne());

    async Task<FederationStatus> StopFederationAsync()
    {
        using var channel = GrpcChannel.ForAddress(app.Urls.First());
        return await new Operation.OperationClient(channel).StopAsync(new ControlRequest { Federation = Name }, Operator);
    }

    sealed class Ear(Action<ClientProgress>? hear) : IProgress<ClientProgress>
    {
        public void Report(ClientProgress value) => hear?.Invoke(value);
    }

    sealed class AddsOne : ILearner
    {
        public ModelLayout Layout => EndedFederationTests.Layout;

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
        {
            for (int place = 0; place < trained.Length; place++)
                trained[place] = task.Received.Span[place] + 1;
            return new LocalOutcome(10, 1);
        }
    }
}

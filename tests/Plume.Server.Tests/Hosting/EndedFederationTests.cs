using Grpc.Core;
using Plume.Client;
using Plume.Protocol.V1;

namespace Plume.Server.Tests.Hosting;

/// <summary>Whoever asks a server about a federation that has ended hears so, as long as the server runs.</summary>
public sealed class EndedFederationTests : IAsyncDisposable
{
    const string Stopped = "An operator stopped the federation.";

    static readonly ControlRequest Stop = new() { Federation = ServedToy.Federation };

    readonly ServedToy server = new();

    [Fact]
    public async Task Clients_that_come_when_all_rounds_are_done_hear_so_and_get_the_model()
    {
        await server.StartAsync();
        var first = await server.JoinAsync("first");

        var late = await server.JoinAsync("late");

        Assert.Equal((true, 2, 2), (late.IsFinished, late.LastVersion, late.Version!.Value));
        Assert.Equal(first.Model.ToArray(), late.Model.ToArray());
    }

    [Fact]
    public async Task That_an_operator_stopped_it_is_heard_at_once_later_and_after_a_restart()
    {
        await server.StartAsync(startWith: 2);
        var waiting = await server.JoinAndWaitAsync("waiting");

        var status = await server.Operation.StopAsync(Stop, ServedToy.Operator);

        Assert.Equal(("Stopped", Stopped), (status.Phase, status.Message));
        Assert.Equal((false, Stopped), Ending(await waiting));
        Assert.Equal((false, Stopped), Ending(await server.JoinAsync("late")));
        await server.EndAsync();
        await server.StartAsync(startWith: 2);
        Assert.Equal((false, Stopped), Ending(await server.JoinAsync("later")));
    }

    [Fact]
    public async Task A_server_that_is_to_stop_does_not_wait_for_those_who_watch_it()
    {
        await server.StartAsync(startWith: 2);
        using var watch = server.Operation.Watch(new StatusRequest { Federation = ServedToy.Federation }, ServedToy.Operator);
        Assert.True(await watch.ResponseStream.MoveNext(default));

        var stopping = server.App.StopAsync();

        await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await watch.ResponseStream.MoveNext(default))
            {
            }
        });
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    static (bool IsFinished, string Message) Ending(JoinResult result) => (result.IsFinished, result.Message);
}

using System.Collections.Concurrent;
using Grpc.Core;
using Plume.Client;
using Plume.Protocol.V1;

namespace Plume.Server.Tests.Hosting;

/// <summary>An operator takes places back.</summary>
public class ReleaseTests
{
    [Fact]
    public async Task A_place_that_nobody_uses_goes_to_another_and_its_last_holder_is_told()
    {
        await using var toy = new ServedToy();
        await toy.StartAsync(startWith: 4);
        var calls = toy.Calls();
        for (uint ghost = 0; ghost < 4; ghost++)
            Assert.Equal(ghost, (await calls.JoinAsync(JoinRequest(), Caller($"ghost-{ghost}"))).Number);
        await calls.NextTaskAsync(new NextTaskRequest { Federation = ServedToy.Federation }, Caller("ghost-2"));
        Assert.Contains("its operator can give one back",
            (await Assert.ThrowsAsync<RpcException>(() =>
                calls.JoinAsync(JoinRequest(), Caller("late")).ResponseAsync)).Status.Detail, StringComparison.Ordinal);

        var waits = calls.NextTaskAsync(new NextTaskRequest { Federation = ServedToy.Federation, WaitMs = 30_000 },
            Caller("ghost-2")).ResponseAsync;
        Assert.Equal(2u, (await ReleaseAsync(toy, "ghost-2")).Number);
        await AssertPlacelessAsync(waits);
        await AssertPlacelessAsync(
            calls.NextTaskAsync(new NextTaskRequest { Federation = ServedToy.Federation }, Caller("ghost-2")).ResponseAsync);
        Assert.Equal(2u, (await calls.JoinAsync(JoinRequest(), Caller("late"))).Number);

        var places = await toy.Operation.PlacesAsync(new PlacesRequest { Federation = ServedToy.Federation }, ServedToy.Operator);
        Assert.Equal([(0u, "ghost-0"), (1u, "ghost-1"), (2u, "late"), (3u, "ghost-3")],
            places.Places.Select(place => (place.Number, place.Name)));
        Assert.Equal(4u, places.All);
    }

    [Fact]
    public async Task A_client_that_is_still_there_takes_a_place_again_and_the_run_has_the_same_bits()
    {
        float[] calm = await RunAsync(_ => Task.CompletedTask);
        var stages = new ConcurrentQueue<ClientStage>();
        Assert.Equal(calm, await RunAsync(async toy => await ReleaseAsync(toy, "one"), step => stages.Enqueue(step.Stage)));
        Assert.Equal(2, stages.Count(stage => stage == ClientStage.Joined));
    }

    [Fact]
    public async Task A_name_without_a_place_is_refused_by_its_name()
    {
        await using var toy = new ServedToy();
        await toy.StartAsync();
        var refusal = await Assert.ThrowsAsync<RpcException>(() => ReleaseAsync(toy, "no\u001bbody"));
        Assert.Equal((StatusCode.NotFound,
            "'no\\u001Bbody' has no place in the federation 'toy'; plume places lists who has one."),
            (refusal.StatusCode, refusal.Status.Detail));
    }

    static async Task<float[]> RunAsync(Func<ServedToy, Task> between, Action<ClientProgress>? hear = null)
    {
        await using var toy = new ServedToy();
        await toy.StartAsync(startWith: 2, participants: 2);
        var joined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var one = toy.JoinAsync("one", step =>
        {
            hear?.Invoke(step);
            if (step.Stage == ClientStage.Waiting)
                joined.TrySetResult();
        });
        await Task.WhenAny(joined.Task, one);
        await between(toy);
        await toy.WatchAsync(status => status.Members == 1);
        var results = await Task.WhenAll(one, toy.JoinAsync("two", adds: 3));
        Assert.All(results, result => Assert.True(result.IsFinished, result.Message));
        return results[0].Model.ToArray();
    }

    static async Task AssertPlacelessAsync(Task<NextTaskReply> call)
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.Equal((StatusCode.FailedPrecondition,
            "'ghost-2' has no place in the federation 'toy', or has it no longer; join it first."),
            (refusal.StatusCode, refusal.Status.Detail));
    }

    static async Task<ReleaseReply> ReleaseAsync(ServedToy toy, string name) =>
        await toy.Operation.ReleaseAsync(new ReleaseRequest { Federation = ServedToy.Federation, Name = name },
            ServedToy.Operator);

    static JoinRequest JoinRequest() => new() { Federation = ServedToy.Federation, Protocol = 1 };

    static Metadata Caller(string name) => new() { { "plume-client", name } };
}

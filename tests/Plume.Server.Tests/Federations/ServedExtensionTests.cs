using Grpc.Core;
using Plume.Protocol.V1;
using Plume.Server.Tests.Hosting;

namespace Plume.Server.Tests.Federations;

/// <summary>A finished federation that an operator gives more rounds, with its own clients.</summary>
public sealed class ServedExtensionTests
{
    [Fact]
    public async Task Clients_that_left_at_the_end_join_again_with_what_they_know_and_do_the_further_rounds()
    {
        await using var server = new ServedToy();
        await server.StartAsync(startWith: 2, participants: 2);
        var ends = await Task.WhenAll(server.JoinAsync("one"), server.JoinAsync("two"));
        Assert.All(ends, end => Assert.Equal((true, 2), (end.IsFinished, end.Version)));

        // Another server has heard of nobody yet; the one that they left a moment ago may tell of them still.
        await server.EndAsync();
        await server.StartAsync(startWith: 2, participants: 2);
        var extended = await ExtendAsync(server, 5);
        Assert.Equal(("Waiting", 3u, 5u, 0u, 2u), (extended.Phase, extended.Round, extended.Rounds, extended.Members, extended.Needed));
        Assert.Matches("^Not there: '(one|two)' is away; '(one|two)' is away.$", extended.Message);
        // Over a restart, too.
        await server.EndAsync();
        await server.StartAsync(startWith: 2, participants: 2);
        // One that waits while the other is not there yet gets the next round as well.
        var waiting = await server.JoinAndWaitAsync("two");
        ends = await Task.WhenAll(waiting, server.JoinAsync("one"));
        Assert.All(ends, end => Assert.Equal((true, 5), (end.IsFinished, end.Version)));
        Assert.Equal(5f, ends[0].Model.Span[0]);

        var refused = await Assert.ThrowsAsync<RpcException>(() => ExtendAsync(server, 5));
        Assert.Equal((StatusCode.FailedPrecondition, "The federation 'toy' cannot have 5 rounds. It has 5 rounds already, of which 5 "
            + "are done: give it more than that, all told."), (refused.StatusCode, refused.Status.Detail));
    }

    static async Task<FederationStatus> ExtendAsync(ServedToy server, uint rounds) => await server.Operation.ExtendAsync(
        new ExtendRequest { Federation = ServedToy.Federation, Rounds = rounds }, ServedToy.Operator);
}

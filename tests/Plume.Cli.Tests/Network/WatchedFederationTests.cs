using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Plume.Cli.Network;
using Plume.Protocol.V1;

namespace Plume.Cli.Tests.Network;

public sealed class WatchedFederationTests
{
    static readonly Uri Address = new("http://127.0.0.1:7443");
    static readonly CancellationToken Never = CancellationToken.None;

    readonly FakeTimeProvider time = new() { AutoAdvanceAmount = TimeSpan.Zero };
    readonly List<(string Phase, string? Trouble)> shown = [];

    [Fact]
    public async Task A_federation_is_followed_past_a_restart_of_its_server()
    {
        var server = new Answers(["Waiting", StatusCode.Unavailable], [StatusCode.Internal], ["Collecting", "Finished"]);

        var following = Follow(server);
        while (!following.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await following;
        Assert.Equal(["Waiting", "Waiting: away", "Waiting: away", "Collecting", "Finished"],
            shown.Select(each => each.Trouble is null ? each.Phase : $"{each.Phase}: away"));
        Assert.All(shown, each =>
            Assert.True(each.Trouble?.StartsWith("The server does not answer; it is asked again.", StringComparison.Ordinal)
                ?? true));
    }

    [Theory]
    [InlineData(StatusCode.Unauthenticated)]
    [InlineData(StatusCode.NotFound)]
    public async Task A_server_that_refuses_is_not_asked_again(StatusCode refusal)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => Follow(new Answers(["Waiting", refusal])));

        Assert.Equal(refusal, refused.StatusCode);
    }

    [Fact]
    public async Task A_server_that_never_answered_is_not_asked_again() =>
        await Assert.ThrowsAsync<RpcException>(() => Follow(new Answers([StatusCode.Unavailable])));

    Task Follow(Answers server) =>
        new WatchedFederation(server, Address, "digits", time)
            .FollowAsync((status, trouble) => shown.Add((status.Phase, trouble)), Never);

    /// <summary>Answers each question with its list: phases, and the status with which the answer breaks off.</summary>
    sealed class Answers(params object[][] lists) : Operation.OperationClient
    {
        int next;

        public override AsyncServerStreamingCall<FederationStatus> Watch(StatusRequest request, Metadata headers = null!,
            DateTime? deadline = null, CancellationToken cancellationToken = default) =>
            new(new Stream(lists[next++]), Task.FromResult(new Metadata()), () => Grpc.Core.Status.DefaultSuccess, () => [],
                () => { });
    }

    sealed class Stream(object[] list) : IAsyncStreamReader<FederationStatus>
    {
        int place = -1;

        public FederationStatus Current => new() { Phase = (string)list[place] };

        public Task<bool> MoveNext(CancellationToken cancellationToken) => ++place == list.Length
            ? Task.FromResult(false)
            : list[place] is StatusCode code ? throw new RpcException(new Grpc.Core.Status(code, "")) : Task.FromResult(true);
    }
}

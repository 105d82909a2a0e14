using Plume.Protocol.V1;


namespace Plume.Server.Tests.Hosting;

/// <summary>A client that cannot do its tasks costs the others one round's wait for it, and not the federation.</summary>
public sealed class FailingClientTests : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly ServedToy server = new();

    [Fact]
    public async Task A_client_that_cannot_do_its_task_is_not_asked_again_for_a_while()
    {
        await server.StartAsync(startWith: 3, participants: 3);

        await Task.WhenAll(server.JoinAsync("one"), server.JoinAsync("other"), server.JoinWithoutDataAsync("broken"))
            .WaitAsync(Patience);

        var history = (await server.Operation.StatusAsync(new StatusRequest { Federation = ServedToy.Federation },
            ServedToy.Operator)).History;
        Assert.Equal([2u, 2u], history.Select(round => round.Accepted));
        Assert.Matches("^Client [0-2] sent no update: The learner failed with InvalidDataException: There is no data[.]$",
            Assert.Single(history[0].Refused));
        Assert.Empty(history[1].Refused);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

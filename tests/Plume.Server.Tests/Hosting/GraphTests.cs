namespace Plume.Server.Tests.Hosting;

/// <summary>A client that has no model of its own takes in one model, not two.</summary>
public sealed class GraphTests : IAsyncDisposable
{
    const int MostBytes = 1000;

    readonly ServedToy server = new();

    [Fact]
    public async Task A_graph_without_weights_costs_next_to_nothing_beside_the_model()
    {
        await server.StartAsync();
        byte[] graph = [];
        long down = 0;

        var result = await server.JoinByGraphAsync("only", step => down = step.BytesDown, seen => graph = seen);

        Assert.True(result.IsFinished, result.Message);
        Assert.Equal(ServedToy.Graph, graph);
        Assert.InRange(down, 1, MostBytes);
    }

    [Fact]
    public async Task What_is_downloaded_before_the_first_round_counts_to_it()
    {
        await server.StartAsync(startWith: 2);
        var early = server.JoinByGraphAsync("early", _ => { }, _ => { });
        ulong before = (await server.WatchAsync(status => status.DownlinkBytes > 0)).DownlinkBytes;

        await Task.WhenAll(early, server.JoinAsync("second"));

        var ended = await server.WatchAsync(status => status.Phase == "Finished");
        Assert.True(ended.History[0].DownlinkBytes >= before, $"{ended.History[0].DownlinkBytes} bytes of {before} are left.");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

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

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

using Grpc.Core;
using Plume.Compression.Codecs;
using Plume.Federation.Methods;
using Plume.Federation.Models;
using Plume.Protocol.V1;
using Segment = Plume.Protocol.V1.Segment;

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

    [Fact]
    public async Task An_operator_takes_the_graph_and_the_newest_model()
    {
        await server.StartAsync();
        var result = await server.JoinAsync("only");

        var (_, graph) = await DownloadAsync(new DownloadRequest { Federation = ServedToy.Federation, Graph = true });
        var (segment, whole) = await DownloadAsync(
            new DownloadRequest { Federation = ServedToy.Federation, ToVersion = (uint)result.LastVersion! });

        Assert.Equal(ServedToy.Graph, PackedGraph.Unpack(graph, ServedToy.Graph.Length));
        Assert.Equal((Segment.Types.Kind.Whole, 2u), (segment.Kind, segment.To));
        var values = new float[result.Model.Length];
        new PayloadDecoder(ReceivedModel.Whole, ServedToy.Layout).Decode(whole, values, default, default);
        Assert.Equal(result.Model.ToArray(), values);
    }

    [Fact]
    public async Task Whoever_takes_levels_gets_the_same_model_in_fewer_bytes()
    {
        var downlink = Codec.Parse("delta | deadzone(abs=0.0078125) | range");
        await server.StartAsync(downlink: downlink);
        var result = await server.JoinAsync("only");

        var request = new DownloadRequest { Federation = ServedToy.Federation, ToVersion = (uint)result.LastVersion! };
        var (floats, whole) = await DownloadAsync(request);
        var (levels, digits) = await DownloadAsync(new DownloadRequest(request) { TakesLevels = true });

        Assert.Equal((Segment.Types.Kind.Whole, Segment.Types.Kind.Levels), (floats.Kind, levels.Kind));
        Assert.InRange(digits.Length, 1, whole.Length - 1);
        var model = new ReceivedModel(new Averaging().Published(ServedToy.Layout, downlink), default);
        model.Apply(SegmentKind.Levels, 0, (int)levels.To, digits);
        Assert.Equal(result.Model.ToArray(), model.Values.ToArray());
    }

    [Fact]
    public async Task A_version_that_is_not_the_newest_is_not_given()
    {
        await server.StartAsync();
        await server.JoinAsync("only");

        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            DownloadAsync(new DownloadRequest { Federation = ServedToy.Federation, ToVersion = 1 }));

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
    }

    async Task<(Segment Segment, byte[] Bytes)> DownloadAsync(DownloadRequest request)
    {
        using var call = server.Operation.Download(request, ServedToy.Operator);
        var parts = await call.ResponseStream.ReadAllAsync().ToListAsync();
        return (Assert.Single(parts[0].Header.Segments), [.. parts.Skip(1).SelectMany(part => part.Chunk)]);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}

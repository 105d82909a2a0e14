using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Plume.Protocol.V1;
using Plume.Server.Identity.Admission;
using Plume.Server.Tests.Hosting;

namespace Plume.Server.Tests.Admission;

public class HostileCallersTests
{
    const int OpenCalls = 8;

    [Fact]
    public async Task Uploads_that_never_begin_or_end_are_few_and_hold_up_nobody()
    {
        float[] calm = await HonestAsync(_ => Task.CompletedTask);
        var stopped = TimeSpan.Zero;
        float[] attacked = await HonestAsync(
            async toy =>
            {
                var calls = new Protocol.V1.Federation.FederationClient(GrpcChannel.ForAddress(toy.App.Urls.First()));
                var uploads = Enumerable.Range(0, 100)
                    .Select(_ => calls.Upload(new Metadata { { "plume-client", "hostile" } }).ResponseAsync).ToList<Task>();
                for (int refused = 0; refused < 100 - OpenCalls; refused++)
                {
                    var ended = await Task.WhenAny(uploads);
                    uploads.Remove(ended);
                    Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(() => ended)).StatusCode);
                }

                Assert.Equal(OpenCalls, uploads.Count(upload => !upload.IsCompleted));
            },
            async toy =>
            {
                long began = Stopwatch.GetTimestamp();
                await toy.App.StopAsync();
                stopped = Stopwatch.GetElapsedTime(began);
            },
            new ServerLimits { OpenCalls = OpenCalls });
        Assert.Equal(calm, attacked);
        Assert.InRange(stopped.TotalSeconds, 0, 10);
    }

    [Fact]
    public async Task Silent_connections_leave_room_for_those_that_speak()
    {
        var silent = new List<Socket>();
        float[] attacked = await HonestAsync(
            async toy =>
            {
                for (int socket = 0; socket < 200; socket++)
                {
                    silent.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
                    try
                    {
                        await silent[^1].ConnectAsync(IPAddress.Loopback, new Uri(toy.App.Urls.First()).Port);
                    }
                    catch (SocketException turnedAway) when (turnedAway.SocketErrorCode == SocketError.ConnectionReset)
                    {
                        // As most of them are.
                    }
                }
            },
            limits: new ServerLimits { Connections = 40, HeaderTime = TimeSpan.FromSeconds(1) });
        Assert.Equal(await HonestAsync(_ => Task.CompletedTask), attacked);
        silent.ForEach(socket => socket.Dispose());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_caller_has_so_many_connections_and_leaves_others_theirs(int each)
    {
        float[] attacked = await HonestAsync(
            async toy =>
            {
                foreach (string caller in (string[])["hostile", "greedy"])
                {
                    for (int connection = 1; connection <= each + 4; connection++)
                    {
                        var ask = toy.Calls().JoinAsync(new JoinRequest { Federation = "none", Protocol = 1 },
                            new Metadata { { "plume-client", caller } }).ResponseAsync;
                        var refusal = await Assert.ThrowsAsync<RpcException>(() => ask);
                        Assert.Equal(connection <= each ? StatusCode.NotFound : StatusCode.ResourceExhausted, refusal.StatusCode);
                    }
                }
            },
            limits: new ServerLimits { ConnectionsPerClient = each });
        Assert.Equal(await HonestAsync(_ => Task.CompletedTask), attacked);
    }

    static async Task<float[]> HonestAsync(Func<ServedToy, Task> before, Func<ServedToy, Task>? after = null,
        ServerLimits? limits = null)
    {
        await using var toy = new ServedToy();
        await toy.StartAsync(startWith: 2, participants: 2, limits: limits);
        await before(toy);
        var results = await Task.WhenAll(toy.JoinAsync("one"), toy.JoinAsync("two"));
        Assert.All(results, result => Assert.True(result.IsFinished, result.Message));
        if (after is not null)
            await after(toy);
        return results[0].Model.ToArray();
    }
}

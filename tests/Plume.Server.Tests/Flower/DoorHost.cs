using System.Net;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Plume.Compression.Weights;
using Plume.Protocol.Flower;
using Plume.Server.Flower;
using Plume.Server.Flower.Messages;

namespace Plume.Server.Tests.Flower;

/// <summary>
/// A server with a Flower door on a free port of loopback, before a <see cref="FakeFederation"/>, with a clock that the test
/// moves.
/// </summary>
sealed class DoorHost : IAsyncDisposable
{
    readonly WebApplication app;
    readonly List<GrpcChannel> channels = [];

    DoorHost(WebApplication app, FakeFederation federation, FakeTimeProvider time, LogLines log)
    {
        (this.app, Federation, Time, Log) = (app, federation, time, log);
        Port = app.Services.GetRequiredService<FlowerAddress>().Bound.Port;
        OtherPort = new Uri(app.Urls.First(url => new Uri(url).Port != Port)).Port;
    }

    public static ModelLayout SmallLayout { get; } =
        ModelLayout.Of([("weight", [2, 3], TensorRole.Weight), ("bias", [3], TensorRole.Bias),
            ("scale", [], TensorRole.Normalization)]);

    public FakeFederation Federation { get; }

    public FakeTimeProvider Time { get; }

    public LogLines Log { get; }

    public int Port { get; }

    /// <summary>A port where the same server listens for other things.</summary>
    public int OtherPort { get; }

    public static async Task<DoorHost> StartAsync(ModelLayout? layout = null, Func<FlowerOptions, FlowerOptions>? change = null,
        int places = 10)
    {
        var federation = new FakeFederation(layout ?? SmallLayout, places);
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        var log = new LogLines();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log).AddFilter("Grpc", LogLevel.Trace);
        builder.Services.AddSingleton<IFlowerFederation>(federation).AddSingleton<TimeProvider>(time);
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var options = new FlowerOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0) };
        builder.AddFlowerDoor(change?.Invoke(options) ?? options);
        var app = builder.Build();
        app.MapFlowerDoor();
        app.MapGet("/other", () => "elsewhere");
        await app.StartAsync();
        return new DoorHost(app, federation, time, log);
    }

    public FlowerTask Task(int round, float[] model, TimeSpan? time = null) =>
        FakeFederation.Task(round, model, Time.GetUtcNow(), time);

    public FlowerService.FlowerServiceClient Client(GrpcChannelOptions? options = null, int? port = null, string scheme = "http")
    {
        var channel = GrpcChannel.ForAddress($"{scheme}://127.0.0.1:{port ?? Port}", options ?? new GrpcChannelOptions());
        channels.Add(channel);
        return new FlowerService.FlowerServiceClient(channel);
    }

    /// <summary>A client that has its place.</summary>
    public async Task<(FlowerPeer Peer, FakeFederation.Joined Joined)> JoinAsync(string? id = null)
    {
        var peer = new FlowerPeer(Client(), id);
        return (peer, await Federation.NextAsync<FakeFederation.Joined>());
    }

    public Task StopAsync() => app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in channels)
            channel.Dispose();
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await app.StopAsync(soon.Token);
        await app.DisposeAsync();
    }
}

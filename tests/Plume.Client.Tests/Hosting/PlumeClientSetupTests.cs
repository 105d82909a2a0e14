using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Plume.Client.Hosting;
using Plume.Client.Tests.Fakes;

namespace Plume.Client.Tests.Hosting;

public sealed class PlumeClientSetupTests : IDisposable
{
    readonly Folder folder = new();
    readonly Heard heard = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_host_takes_part_while_it_runs_and_goes_on_after_it_stopped()
    {
        await using var server = await FakeServer.StartAsync(new FakeFederation { Rounds = int.MaxValue });
        var reached = new TaskCompletionSource();
        heard.At = step =>
        {
            if (step is { Stage: ClientStage.Counted, Round: 2 })
                reached.SetResult();
        };
        using (var host = Build(server))
        {
            await host.StartAsync();
            await reached.Task;
            await host.StopAsync();
        }

        server.Federation.Rounds = server.Federation.Broadcast.Version + 1;
        var ended = new TaskCompletionSource();
        heard.At = step =>
        {
            if (step.Stage == ClientStage.Ended)
                ended.SetResult();
        };
        using var again = Build(server);
        await again.StartAsync();
        await ended.Task;
        await again.StopAsync();
        Assert.Equal(Enumerable.Range(1, server.Federation.Rounds).Select(round => (uint)round), server.Federation.Counted.Keys);
    }

    [Fact]
    public async Task A_client_that_is_turned_away_does_not_take_its_host_with_it()
    {
        await using var server = await FakeServer.StartAsync();
        server.Faults.Fail("Join", Grpc.Core.StatusCode.PermissionDenied);
        using var host = Build(server);
        await host.StartAsync();
        await Assert.Single(host.Services.GetServices<IHostedService>().OfType<BackgroundService>()).ExecuteTask!;
        Assert.Contains("The client is out", heard.Lines);
    }

    [Fact]
    public void Options_that_break_a_rule_are_refused_when_they_are_added()
    {
        var options = new ClientOptions
        {
            Server = new Uri("ftp://somewhere"),
            Federation = "digits",
            Name = "site-1",
            Folder = folder.Path,
        };
        var refused = Assert.Throws<ArgumentException>(() => new ServiceCollection()
            .AddPlumeClient(options, (_, _) => new Stepper(FakeFederation.Layout)));
        Assert.StartsWith("The server must be an address that begins with https://", refused.Message, StringComparison.Ordinal);
    }

    IHost Build(FakeServer server)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<ILoggerFactory>(new OneLogger(heard));
        builder.Services.AddPlumeClient(server.Client(folder) with { Progress = heard }, (_, terms) => new Stepper(terms.Layout));
        return builder.Build();
    }

    sealed class OneLogger(ILogger logger) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => logger;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}

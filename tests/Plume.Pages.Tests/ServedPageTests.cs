using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Plume.Client;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Pages.Charts;
using Plume.Pages.Hosting;
using Plume.Protocol.V1;
using Plume.Server.Federations.Definitions;
using Plume.Server.Hosting;
using Plume.Server.Storage;
using LocalObjective = Plume.Federation.Learners.LocalObjective;

namespace Plume.Pages.Tests;

/// <summary>The page of a server with clients: what it shows is what the server tells operators.</summary>
public sealed class ServedPageTests(Chromium chromium) : IDisposable
{
    const string Name = "toy";
    const int Clients = 3, Rounds = 4, Held = 3;

    static readonly ModelLayout Layout =
        ModelLayout.Of([("dense.weight", [10, 9], TensorRole.Weight), ("dense.bias", [10], TensorRole.Bias)]);

    static readonly Metadata Admin = new() { { "plume-client", "admin" } };

    readonly string folder = Directory.CreateTempSubdirectory("plume-page-").FullName;
    readonly TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task What_it_shows_is_what_status_says_while_a_round_is_open_and_when_all_is_over()
    {
        await using var server = PlumeServer.Build(new ServerOptions([Toy()], ServerStorage.InFolder(Path.Combine(folder, "server")))
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
        });
        await server.StartAsync();
        string address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        using var channel = GrpcChannel.ForAddress(address);
        var operation = new Operation.OperationClient(channel);
        await using var page = await PlumeServer.StartPageAsync(server, new PageOptions(new IPEndPoint(IPAddress.Loopback, 0)));
        var clients = Task.WhenAll(Enumerable.Range(0, Clients).Select(number => JoinAsync(address, number)));

        // One client works on round 3 until it is let go, so that round stays as it is.
        await using (var visit = await chromium.VisitAsync(page.Address))
        {
            await visit.OpenAsync(Name);
            await visit.SaysAsync("#sentence", $"Round {Held}: {Clients - 1} of {Clients} updates");
            await EqualsStatusAsync(visit, operation);
            Assert.Equal(["counted", "counted", "training"],
                await visit.Page.Locator("#participants-table .standing").AllInnerTextsAsync());
            Assert.Equal(["client-0", "client-1", "client-2"], await visit.Page.Locator("#clients-table tbody th").AllInnerTextsAsync());
            await visit.SaysAsync("#clients-table", "Plume 0.1.0");
            await visit.SaysAsync("#log-table", "Round 2 is closed with 3 updates");
            await visit.SaysAsync("#log-table", "'client-1' joined and has place 1.");
            go.SetResult();
            await clients;
            await visit.SaysAsync("#sentence", "Finished.");
            await EqualsStatusAsync(visit, operation);
        }

        await server.StopAsync();
    }

    static async Task EqualsStatusAsync(Visit visit, Operation.OperationClient operation)
    {
        // What clients downloaded is told to the federation once a second.
        FederationStatus status;
        do
            status = await operation.StatusAsync(new StatusRequest { Federation = Name }, Admin);
        while (!await visit.SaysSoonAsync("#downlink", Quantity.Bytes((long)status.DownlinkBytes)));
        var last = status.History[^1];
        await visit.SaysAsync("#rounds", $"{last.Round}");
        Assert.Equal(
            (Quantity.Percent(last.Accuracy), Quantity.Bytes((long)status.UplinkBytes), $"{status.Members}",
                status.Phase.ToLowerInvariant()),
            (await visit.TextAsync("#accuracy"), await visit.TextAsync("#uplink"), await visit.TextAsync("#members"),
                await visit.TextAsync("h1 .pill")));
        Assert.Equal(status.History.Reverse().Select(round =>
            $"{round.Round} {Quantity.Percent(round.Accuracy)} {round.Loss:0.0000} {round.Accepted} {round.Refused.Count} "
                + $"{Quantity.Bytes((long)round.UplinkBytes)} {Quantity.Bytes((long)round.DownlinkBytes)} "
                + Quantity.Seconds(round.Seconds)),
            (await visit.Page.Locator("#rounds-table tbody tr").AllInnerTextsAsync()).Select(row => row.Replace('\t', ' ')));
    }

    Task<JoinResult> JoinAsync(string address, int number) => FederatedClient.JoinAsync(new ClientOptions
    {
        Server = new Uri(address),
        Federation = Name,
        Name = $"client-{number}",
        Number = number,
        Folder = Path.Combine(folder, $"client-{number}"),
        Training = TaskScheduler.Default,
    }, new Waits(go.Task));

    static FederationDefinition Toy() => new(Name, new FederationPlan(Clients, Rounds, Clients, new LocalObjective(1, 8, 0.1),
        Codec.Parse("pack"), Codec.Parse("pack"))
    { StartWith = Clients, Deadline = TimeSpan.FromHours(1) }, 1, Layout, () => new float[Layout.Length])
    {
        Evaluator = new Rises(),
    };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Adds a bit to every value; the last client does so in one round only when it is told.</summary>
    sealed class Waits(Task go) : ILearner
    {
        public ModelLayout Layout => ServedPageTests.Layout;

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
        {
            if (task is { Round: Held, Client: Clients - 1 })
                go.Wait(cancellation);
            for (int place = 0; place < trained.Length; place++)
                trained[place] = task.Received.Span[place] + 0.1f;
            return new LocalOutcome(10, 1);
        }
    }

    sealed class Rises : IEvaluator
    {
        public Evaluation Evaluate(ReadOnlyMemory<float> model, CancellationToken cancellation) =>
            new(Math.Min(1, model.Span[0] * 2), 1 - model.Span[0], Samples: 100);
    }
}

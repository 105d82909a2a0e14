using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Plume.Protocol.V1;
using Plume.Server.Rpc;

namespace Plume.Server.Tests.Hosting;

/// <summary>What those are told who look after a federation.</summary>
public class LookingOnTests
{
    static readonly StatusRequest Asks = new() { Federation = ServedToy.Federation };

    [Fact]
    public async Task Each_round_has_the_bytes_that_its_updates_took_and_each_client_its_own()
    {
        await using var toy = new ServedToy();
        await toy.StartAsync();
        var joined = await toy.JoinAsync("one", samples: 12);
        Assert.True(joined.IsFinished, joined.Message);

        var status = await toy.Operation.StatusAsync(Asks, ServedToy.Operator);
        // The first takes the whole model, the second what is new in it.
        Assert.Equal(2, status.History.Count);
        Assert.All(status.History, round => Assert.InRange((int)round.DownlinkBytes, 20, 200));

        var reply = await toy.Operation.ClientsAsync(new ClientsRequest(), ServedToy.Operator);
        var client = Assert.Single(reply.Figures);
        Assert.Equal((ServedToy.Federation, "one", 0u, 12u, 2u, 0u, status.UplinkBytes),
            (client.Federation, client.Name, client.Place, client.Samples, client.Counted, client.Refused, client.UplinkBytes));
        Assert.StartsWith("Plume 0.1.0, .NET 10", client.Software, StringComparison.Ordinal);
        // Its last model counts to no round. So few bytes say nothing of a link.
        Assert.True(client.DownlinkBytes > status.History[0].DownlinkBytes + status.History[1].DownlinkBytes);
        Assert.Equal((false, false), (client.HasUplinkSpeed, client.HasDownlinkSpeed));
        Assert.Equal(["'one' joined and has place 0.", "Round 1 is closed with 1 update.", "Round 2 is closed with 1 update."],
            (await LogAsync(toy))[..3]);
    }

    [Fact]
    public async Task A_round_that_waits_says_for_whom_and_until_when()
    {
        await using var toy = new ServedToy();
        await toy.StartAsync();
        var fails = toy.JoinWithoutDataAsync("one");

        var status = await toy.WatchAsync(status => status.Phase == "Waiting" && status.Message.Length > 0);

        Assert.Matches("^Not there: 'one' could not do its task and rests until [0-9:]{8} UTC, or until it joins anew[.]$", status.Message);
        Assert.Contains("'one' does not do its part in round 1: The learner failed with InvalidDataException: There is no data.", string.Join('\n', await LogAsync(toy)), StringComparison.Ordinal);
        await toy.Operation.StopAsync(new ControlRequest { Federation = ServedToy.Federation }, ServedToy.Operator);
        Assert.Contains("Operator operator stopped the federation.", await LogAsync(toy));
        await fails.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task After_a_start_clients_are_asked_what_they_run_and_not_before()
    {
        await using var toy = new ServedToy();
        await toy.StartAsync(startWith: 2);
        var join = new JoinRequest { Federation = ServedToy.Federation, Protocol = 1 };
        await toy.Calls().JoinAsync(join, Runs("Plume 9"));
        Assert.False((await AskAsync(software: null)).Introduce);
        await toy.EndAsync();
        await toy.StartAsync(startWith: 2);

        Assert.True((await AskAsync(software: null)).Introduce);
        Assert.False((await AskAsync("Plume 10")).Introduce);
        Assert.False((await AskAsync(software: null)).Introduce);
        var reply = await toy.Operation.ClientsAsync(new ClientsRequest(), ServedToy.Operator);
        Assert.Equal("Plume 10", Assert.Single(reply.Figures).Software);

        async Task<NextTaskReply> AskAsync(string? software) =>
            await toy.Calls().NextTaskAsync(new NextTaskRequest { Federation = ServedToy.Federation }, Runs(software));
    }

    static Metadata Runs(string? software)
    {
        var metadata = new Metadata { { "plume-client", "one" } };
        if (software is not null)
            metadata.Add("plume-software", software);
        return metadata;
    }

    static async Task<string[]> LogAsync(ServedToy toy)
    {
        var feed = toy.App.Services.GetRequiredService<FederationFeeds>()[ServedToy.Federation];
        return [.. (await feed.Grain.DetailsAsync(0)).Happenings.Select(happening => happening.Text)];
    }
}

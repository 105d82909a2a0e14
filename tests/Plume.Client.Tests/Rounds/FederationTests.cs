using Plume.Client.Tests.Fakes;
using Plume.Compression.Weights;
using Plume.Federation.Models;
using Plume.Protocol.V1;

namespace Plume.Client.Tests.Rounds;

public sealed class FederationTests : IDisposable
{
    readonly Folder folder = new();
    readonly Stepper learner = new(FakeFederation.Layout);
    readonly Heard heard = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_client_does_its_part_of_every_round_and_ends_with_the_last_model()
    {
        await using var server = await FakeServer.StartAsync();
        var result = await FederatedClient.JoinAsync(server.Client(folder) with { Progress = heard }, learner);
        Assert.Equal((true, "done", 3, 3), (result.IsFinished, result.Message, result.LastVersion, result.Version));
        Assert.Equal(server.Federation.Broadcast.Published.ToArray(), result.Model.ToArray());
        Assert.Equal([1, 2, 3], learner.Tasks.Select(task => task.Round));
        Assert.Equal([1u, 2u, 3u], server.Federation.Counted.Keys);
        Assert.Equal("site-1", server.Federation.Name);
        Assert.Single(server.Federation.All<JoinRequest>());
        Assert.Equal(3, heard.Steps.Count(step => step.Stage == ClientStage.Counted));
        var last = heard.Steps[^1];
        Assert.Equal(ClientStage.Ended, last.Stage);
        Assert.Equal(server.Federation.All<UploadHeader>().Sum(header => (long)header.Length), last.BytesUp);
        // A whole model as levels, more than a byte a value and less than its float.
        Assert.InRange(last.BytesDown, FakeFederation.Layout.Length, 4 * FakeFederation.Layout.Length);
    }

    [Fact]
    public async Task A_model_that_is_here_is_brought_to_the_next_version_by_the_shorter_way()
    {
        await using var server = await FakeServer.StartAsync();
        await FederatedClient.JoinAsync(server.Client(folder), learner);
        uint?[] from = [.. server.Federation.All<DownloadRequest>()
            .Select(request => request.HasFromVersion ? request.FromVersion : default(uint?))];
        Assert.Equal([null, 0, 1, 2], from);
    }

    [Fact]
    public async Task A_client_that_left_goes_on_with_the_model_it_has()
    {
        await using var server = await FakeServer.StartAsync();
        using var leaving = new CancellationTokenSource();
        heard.At = step =>
        {
            if (step is { Stage: ClientStage.Counted, Round: 2 })
                leaving.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            FederatedClient.JoinAsync(server.Client(folder) with { Progress = heard }, learner, leaving.Token));
        server.Federation.Requests.Clear();
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(server.Federation.Broadcast.Published.ToArray(), result.Model.ToArray());
        Assert.Equal([1, 2, 3], learner.Tasks.Select(task => task.Round));
        Assert.Equal(1u, server.Federation.All<DownloadRequest>().First().FromVersion);
        Assert.Equal((2u, 1u), (server.Federation.All<NextTaskRequest>().First().SettledRound,
            server.Federation.All<NextTaskRequest>().First().SettledAttempt));
    }

    [Fact]
    public async Task A_client_comes_back_when_it_was_told_to()
    {
        await using var server = await FakeServer.StartAsync();
        server.Faults.Answers.Enqueue(new NextTaskReply { ComeBack = new ComeBack { AfterMs = 40_000 } });
        server.Faults.Answers.Enqueue(new NextTaskReply { ComeBack = new ComeBack { AfterMs = 0 } });
        var time = new QuickTime();
        await FederatedClient.JoinAsync(server.Client(folder) with { Time = time, Jitter = new Fixed(0.4) }, learner);
        Assert.Equal([TimeSpan.FromSeconds(48), TimeSpan.FromMilliseconds(60)], time.Waits);
    }

    [Fact]
    public async Task A_task_that_is_settled_is_not_done_again()
    {
        await using var server = await FakeServer.StartAsync();
        heard.At = step =>
        {
            if (step is { Stage: ClientStage.Counted, Round: 1 })
                server.Faults.Answers.Enqueue(new NextTaskReply { Task = server.Federation.TaskOf(1) });
        };
        await FederatedClient.JoinAsync(server.Client(folder) with { Progress = heard }, learner);
        Assert.Equal([1, 2, 3], learner.Tasks.Select(task => task.Round));
    }

    [Fact]
    public async Task A_learner_is_made_of_the_terms_and_the_graph()
    {
        await using var server =
            await FakeServer.StartAsync(new FakeFederation { Graph = [.. Enumerable.Range(0, 3000).Select(i => (byte)i)] });
        FederationTerms? terms = null;
        for (int times = 1; times <= 2; times++)
        {
            await FederatedClient.JoinAsync(server.Client(folder) with { NeedsGraph = true }, given =>
            {
                terms = given;
                return learner;
            });
            Assert.Equal(server.Federation.Graph, terms!.Graph.ToArray());
        }

        Assert.Equal((0, "digits", server.Federation.Uplink, server.Federation.Downlink),
            (terms!.Number, terms.Federation, terms.Uplink.Text, terms.Downlink.Text));
        Assert.Equal(FakeFederation.Layout, terms.Layout);
        Assert.Single(server.Federation.All<DownloadRequest>(), request => request.Graph);
    }

    [Fact]
    public async Task A_graph_that_cannot_be_unpacked_or_swells_beyond_reason_is_asked_for_again()
    {
        await using var server = await FakeServer.StartAsync(new FakeFederation { Graph = [1, 2, 3] });
        server.Federation.PackedGraphs.Enqueue([1, 2, 3]);
        server.Federation.PackedGraphs.Enqueue(PackedGraph.Pack(new byte[80 << 20]));
        var result = await FederatedClient.JoinAsync(server.Client(folder) with { NeedsGraph = true, Progress = heard }, terms =>
        {
            Assert.Equal(server.Federation.Graph, terms.Graph.ToArray());
            return learner;
        });
        Assert.Equal(3, result.Version);
        string[] problems = [.. heard.Steps.Where(step => step.Stage == ClientStage.BackingOff).Select(step => step.Message)];
        Assert.Equal(2, problems.Length);
        Assert.StartsWith("The graph must be packed by gzip", problems[0], StringComparison.Ordinal);
        Assert.StartsWith("The graph must have at most ", problems[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_graph_that_there_is_not_is_an_error_that_says_so()
    {
        await using var server = await FakeServer.StartAsync();
        var refused = await Assert.ThrowsAsync<FederationException>(() =>
            FederatedClient.JoinAsync(server.Client(folder) with { NeedsGraph = true }, learner));
        Assert.Equal("The learner needs the graph of the federation 'digits', which has none. Bring a learner of your own.",
            refused.Message);
        await FederatedClient.JoinAsync(server.Client(folder), terms =>
        {
            Assert.Throws<InvalidOperationException>(() => terms.Graph);
            return learner;
        });
    }

    [Fact]
    public async Task A_learner_of_another_model_is_an_error_that_says_both()
    {
        await using var server = await FakeServer.StartAsync();
        var other = new Stepper(ModelLayout.Of([("w", [3], TensorRole.Weight)]));
        var refused = await Assert.ThrowsAsync<FederationException>(() =>
            FederatedClient.JoinAsync(server.Client(folder), other));
        Assert.Contains("4040 values in 2 tensors (w [40, 100], b [40]), but has 3 values in 1 tensors (w [3])", refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_learner_that_cannot_be_made_ends_it_rather_than_being_made_again_and_again()
    {
        await using var server = await FakeServer.StartAsync();
        var ended = await Assert.ThrowsAsync<FederationException>(() =>
            FederatedClient.JoinAsync(server.Client(folder), _ => throw new FileNotFoundException("There is no data.csv.")));
        Assert.Equal("The learner could not be made of the terms of the federation 'digits'. There is no data.csv.",
            ended.Message);
    }

    [Fact]
    public async Task A_folder_is_of_one_client_at_a_time_and_of_one_federation()
    {
        await using var server = await FakeServer.StartAsync();
        heard.At = step =>
        {
            if (step is not { Stage: ClientStage.Training, Round: 1 })
                return;
            var second = FederatedClient.JoinAsync(server.Client(folder), learner);
            string message = Assert.IsType<FederationException>(second.Exception?.InnerException).Message;
            Assert.Contains("another program has it", message, StringComparison.Ordinal);
        };
        await FederatedClient.JoinAsync(server.Client(folder) with { Progress = heard }, learner);
        var other = await Assert.ThrowsAsync<FederationException>(() =>
            FederatedClient.JoinAsync(server.Client(folder) with { Name = "site-2" }, learner));
        Assert.Contains("is of the client 'site-1' in the federation 'digits', so 'site-2' cannot join 'digits' with it.",
            other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_run_under_the_same_name_makes_void_what_was_kept()
    {
        await using var server = await FakeServer.StartAsync();
        learner.Before = (task, _) =>
        {
            if (task.Round != 2 || server.Federation.Run[0] != 1)
                return;
            server.Federation.BeginAnew(2);
            server.Faults.Fail("Upload", Grpc.Core.StatusCode.Unavailable);
        };
        var result = await FederatedClient.JoinAsync(server.Client(folder) with { Progress = heard, Logger = heard }, learner);
        Assert.Equal([1, 2, 1, 2, 3], learner.Tasks.Select(task => task.Round));
        Assert.Equal(server.Federation.Broadcast.Published.ToArray(), result.Model.ToArray());
        Assert.Contains(heard.Steps,
            step => step.Message.StartsWith("The server began another run of this federation", StringComparison.Ordinal));
        Assert.Contains("site-1: the server began another run of digits; what was kept of the last one is void", heard.Lines);
    }
}

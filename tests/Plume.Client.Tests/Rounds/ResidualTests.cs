using Plume.Client.State;
using Plume.Client.Tests.Fakes;
using Plume.Protocol.V1;

namespace Plume.Client.Tests.Rounds;

public sealed class ResidualTests : IDisposable
{
    readonly Folder folder = new();
    readonly Stepper learner = new(FakeFederation.Layout);
    readonly List<(int Round, float[] Residual)> seen = [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_refused_update_leaves_the_residual_as_it_was()
    {
        await using var server = await FakeServer.StartAsync();
        learner.Before = (task, _) =>
        {
            Look(task.Round);
            if (task.Round == 2 && server.Federation.Attempt == 1)
                server.Faults.Refusals.Enqueue(
                    new UploadReply
                    {
                        Outcome = UploadReply.Types.Outcome.Refused,
                        Rule = "Late",
                        Message = "round 2 has closed"
                    });
        };
        await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal([1, 2, 2, 3], seen.Select(item => item.Round));
        Assert.Contains(seen[1].Residual, value => value != 0);
        Assert.Equal(seen[1].Residual, seen[2].Residual);
        Assert.NotEqual(seen[2].Residual, seen[3].Residual);
    }

    [Fact]
    public async Task A_task_that_failed_leaves_the_residual_as_it_was_and_is_reported()
    {
        await using var server = await FakeServer.StartAsync();
        learner.Before = (task, _) =>
        {
            Look(task.Round);
            if (task.Round == 2 && server.Federation.Attempt == 1)
                throw new InvalidOperationException("no data today");
        };
        await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal([1, 2, 2, 3], seen.Select(item => item.Round));
        Assert.Equal(seen[1].Residual, seen[2].Residual);
        var report = Assert.Single(server.Federation.All<ReportRequest>());
        Assert.Equal((2u, 1u, "The learner failed with InvalidOperationException: no data today"),
            (report.Round, report.Attempt, report.Problem));
    }

    [Fact]
    public async Task An_update_that_is_not_finite_is_reported_and_not_sent()
    {
        await using var server = await FakeServer.StartAsync();
        learner.Diverges.Add(2);
        learner.Before = (task, _) =>
        {
            Look(task.Round);
            if (server.Federation.Attempt == 2)
                learner.Diverges.Clear();
        };
        await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal([1, 2, 2, 3], seen.Select(item => item.Round));
        Assert.Equal(seen[1].Residual, seen[2].Residual);
        Assert.StartsWith("An update must be finite, but value 5 of tensor 'w'",
            Assert.Single(server.Federation.All<ReportRequest>()).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Training_stops_at_the_deadline_and_the_client_goes_on()
    {
        await using var server = await FakeServer.StartAsync(new FakeFederation { LeftMs = 300 });
        learner.Before = (task, cancellation) =>
        {
            Look(task.Round);
            if (server.Federation.LeftMs == 300)
                cancellation.WaitHandle.WaitOne();
            cancellation.ThrowIfCancellationRequested();
        };
        var heard = new Heard
        {
            At = step =>
            {
                if (step.Stage == ClientStage.Failed)
                    server.Federation.LeftMs = 60_000;
            },
        };
        var result = await FederatedClient.JoinAsync(server.Client(folder) with { Progress = heard }, learner);
        Assert.Equal(3, result.Version);
        Assert.Equal([1, 2, 3], seen.TakeLast(3).Select(item => item.Round));
        Assert.Equal("The training was not done by the deadline of round 1.",
            Assert.Single(server.Federation.All<ReportRequest>()).Problem);
    }

    [Fact]
    public async Task A_codec_that_remembers_nothing_keeps_no_residual()
    {
        await using var server = await FakeServer.StartAsync(new FakeFederation { Uplink = "uniform(4) | rans" });
        learner.Before = (task, _) => Look(task.Round);
        await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.All(seen, item => Assert.Empty(item.Residual));
    }

    // What the client would go on from if it were killed now.
    void Look(int round) => seen.Add(
        (round, File.Exists(folder["settled.bin"]) ? KeptUpdate.Read(File.ReadAllBytes(folder["settled.bin"]), out _).Memory
            : []));
}

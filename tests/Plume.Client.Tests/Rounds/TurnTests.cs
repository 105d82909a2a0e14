using Grpc.Core;
using Plume.Client.Tests.Fakes;
using Plume.Protocol.V1;

namespace Plume.Client.Tests.Rounds;

/// <summary>Rounds in one call each.</summary>
public sealed class TurnTests : IDisposable
{
    readonly Folder folder = new();
    readonly Stepper learner = new(FakeFederation.Layout);
    readonly Heard heard = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("Turn", StatusCode.Unavailable)]
    [InlineData("Upload", StatusCode.DataLoss)]
    [InlineData("Upload", StatusCode.Aborted)]
    [InlineData("NextTask", StatusCode.FailedPrecondition)]
    [InlineData("Download", StatusCode.FailedPrecondition)]
    [InlineData("Download", StatusCode.Aborted)]
    public async Task A_failure_that_passes_in_any_part_of_a_turn_changes_nothing(string part, StatusCode code)
    {
        await using var server = await StartAsync();
        server.Faults.Fail(part, code).Fail(part, code);
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(await WithoutTurnsAsync(), result.Model.ToArray());
        Assert.Equal([1, 2, 3], learner.Tasks.Select(task => task.Round));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_update_whose_receipt_came_is_not_sent_again_though_the_rest_of_the_answer_is_lost(bool cuts)
    {
        await using var server = await StartAsync();
        heard.At = step =>
        {
            if (step.Stage != ClientStage.Uploading)
                return;
            if (cuts)
                server.Faults.DownloadCuts.Enqueue(0);
            else
                server.Faults.Fail("NextTask", StatusCode.Unavailable);
        };
        var result = await FederatedClient.JoinAsync(server.Client(folder) with { Progress = heard }, learner);
        Assert.Equal(await WithoutTurnsAsync(), result.Model.ToArray());
        Assert.Equal([1u, 2u, 3u], server.Federation.All<UploadHeader>().Select(header => header.Round));
        Assert.Contains(heard.Steps, step => step.Stage == ClientStage.BackingOff);
    }

    [Fact]
    public async Task An_update_whose_receipt_is_lost_is_sent_again_with_the_same_bytes()
    {
        await using var server = await StartAsync();
        (server.Faults.LostAnswers, server.Faults.CutsConnections) = (2, true);
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(await WithoutTurnsAsync(), result.Model.ToArray());
        var headers = server.Federation.All<UploadHeader>().ToList();
        Assert.Equal([1u, 1u, 2u, 2u, 3u], headers.Select(header => header.Round));
        Assert.Equal(headers[0].Sha256, headers[1].Sha256);
        Assert.Empty(server.Federation.All<UploadProgressRequest>());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7777)]
    public async Task A_download_that_breaks_off_in_a_turn_goes_on_where_it_was(int cut)
    {
        await using var server = await StartAsync();
        server.Faults.DownloadCuts.Enqueue(cut);
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(await WithoutTurnsAsync(), result.Model.ToArray());
        Assert.Equal((ulong)cut, server.Federation.All<DownloadRequest>().ElementAt(1).Offset);
        Assert.Single(server.Federation.All<TurnRequest>(), turn => turn.HasDownload);
    }

    [Fact]
    public async Task An_update_that_is_a_mistake_is_reported_and_the_next_round_goes_on()
    {
        await using var server = await StartAsync();
        server.Faults.Fail("Upload", StatusCode.InvalidArgument, "It has another shape.");
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.True(result.IsFinished);
        Assert.Equal("It has another shape.", Assert.Single(server.Federation.All<ReportRequest>()).Problem);
        Assert.Equal([1, 1, 2, 3], learner.Tasks.Select(task => task.Round));
    }

    [Fact]
    public async Task Updates_that_are_larger_than_the_server_takes_whole_are_sent_in_chunks()
    {
        await using var server = await StartAsync(1);
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(await WithoutTurnsAsync(), result.Model.ToArray());
        Assert.Equal(4, server.Federation.All<TurnRequest>().Count(turn => turn.Update is null));
        Assert.Equal(3, server.Federation.All<UploadHeader>().Count());
    }

    [Fact]
    public async Task Beside_a_server_of_an_earlier_release_the_calls_of_that_one_are_made()
    {
        await using var server = await StartAsync();
        server.Faults.Fail("Turn", StatusCode.Unimplemented);
        var result = await FederatedClient.JoinAsync(server.Client(folder) with { Progress = heard }, learner);
        Assert.Equal(await WithoutTurnsAsync(), result.Model.ToArray());
        Assert.Single(server.Federation.All<TurnRequest>());
        Assert.DoesNotContain(heard.Steps, step => step.Stage == ClientStage.BackingOff);
    }

    static Task<FakeServer> StartAsync(uint whole = 1 << 16) =>
        FakeServer.StartAsync(new FakeFederation { WholeUpdate = whole });

    static async Task<float[]> WithoutTurnsAsync()
    {
        await using var server = await FakeServer.StartAsync();
        using var other = new Folder();
        var model = (await FederatedClient.JoinAsync(server.Client(other), new Stepper(FakeFederation.Layout))).Model.ToArray();
        Assert.Empty(server.Federation.All<TurnRequest>());
        return model;
    }
}

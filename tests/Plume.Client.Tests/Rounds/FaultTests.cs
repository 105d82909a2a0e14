using Grpc.Core;
using Plume.Client.Tests.Fakes;
using Plume.Protocol.V1;

namespace Plume.Client.Tests.Rounds;

public sealed class FaultTests : IDisposable
{
    readonly Folder folder = new();
    readonly Stepper learner = new(FakeFederation.Layout);
    readonly Heard heard = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("Join", StatusCode.Unavailable)]
    [InlineData("Join", StatusCode.ResourceExhausted)]
    [InlineData("NextTask", StatusCode.Internal)]
    [InlineData("NextTask", StatusCode.DeadlineExceeded)]
    [InlineData("NextTask", StatusCode.FailedPrecondition)]
    [InlineData("Download", StatusCode.Aborted)]
    [InlineData("Download", StatusCode.FailedPrecondition)]
    [InlineData("Download", StatusCode.Unknown)]
    [InlineData("Upload", StatusCode.Unavailable)]
    [InlineData("Upload", StatusCode.ResourceExhausted)]
    [InlineData("Upload", StatusCode.DataLoss)]
    [InlineData("Upload", StatusCode.OutOfRange)]
    public async Task A_failure_that_passes_changes_nothing(string call, StatusCode code)
    {
        await using var server = await FakeServer.StartAsync();
        server.Faults.Fail(call, code).Fail(call, code);
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(await UndisturbedAsync(), result.Model.ToArray());
        Assert.Equal([1, 2, 3], learner.Tasks.Select(task => task.Round));
    }

    [Theory]
    [InlineData(StatusCode.Unauthenticated, "Check the client's certificate, or enrol it with a new invitation.")]
    [InlineData(StatusCode.PermissionDenied, "Ask the operator for an invitation to this federation.")]
    [InlineData(StatusCode.NotFound, "Check the federation's name.")]
    [InlineData(StatusCode.FailedPrecondition, "Use a release of the same age on both ends.")]
    [InlineData(StatusCode.InvalidArgument, "Check the client's options.")]
    [InlineData(StatusCode.Unimplemented, "Check the address: what answers there does not speak plume.v1.")]
    public async Task A_failure_that_does_not_pass_ends_it_with_the_next_step(StatusCode code, string nextStep)
    {
        await using var server = await FakeServer.StartAsync();
        server.Faults.Fail("Join", code, "The server says why.");
        var ended = await Assert.ThrowsAsync<FederationException>(() =>
            FederatedClient.JoinAsync(server.Client(folder), learner));
        Assert.Equal($"'site-1' cannot take part in the federation 'digits' on {server.Address}: The server says why. {nextStep}",
            ended.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(999)]
    [InlineData(1000)]
    [InlineData(7777)]
    [InlineData(8_500)]
    public async Task A_download_goes_on_where_it_broke(int at)
    {
        await using var server = await FakeServer.StartAsync();
        server.Faults.DownloadCuts.Enqueue(at);
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(await UndisturbedAsync(), result.Model.ToArray());
        Assert.Equal([0ul, (ulong)at], server.Federation.All<DownloadRequest>().Take(2).Select(request => request.Offset));
    }

    [Fact]
    public async Task Connections_that_are_cut_in_every_transfer_only_delay()
    {
        await using var server = await FakeServer.StartAsync();
        server.Faults.CutsConnections = true;
        server.Faults.LostAnswers = 2;
        foreach (int at in (int[])[3000, 9000, 10, 20])
        {
            server.Faults.DownloadCuts.Enqueue(at);
            server.Faults.UploadCuts.Enqueue(at);
        }

        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(await UndisturbedAsync(), result.Model.ToArray());
        Assert.Equal([1, 2, 3], learner.Tasks.Select(task => task.Round));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(400)]
    public async Task An_upload_goes_on_where_it_broke(int at)
    {
        await using var server = await FakeServer.StartAsync();
        server.Faults.UploadCuts.Enqueue(at);
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(await UndisturbedAsync(), result.Model.ToArray());
        Assert.Equal([0ul, (ulong)at], server.Federation.All<UploadHeader>().Take(2).Select(header => header.Offset));
        Assert.Equal([1, 2, 3], learner.Tasks.Select(task => task.Round));
    }

    [Fact]
    public async Task A_damaged_download_is_taken_again_from_the_start()
    {
        await using var server = await FakeServer.StartAsync();
        server.Faults.DamagedDownloads = 2;
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(await UndisturbedAsync(), result.Model.ToArray());
        Assert.Equal([0ul, 0ul, 0ul], server.Federation.All<DownloadRequest>().Take(3).Select(request => request.Offset));
    }

    [Fact]
    public async Task A_damaged_upload_is_sent_again_from_the_start()
    {
        await using var server = await FakeServer.StartAsync();
        server.Faults.DamagedUploads = 2;
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(await UndisturbedAsync(), result.Model.ToArray());
        Assert.Equal([0ul, 0ul, 0ul], server.Federation.All<UploadHeader>().Take(3).Select(header => header.Offset));
    }

    [Fact]
    public async Task A_lost_answer_is_asked_for_again_with_the_same_bytes()
    {
        await using var server = await FakeServer.StartAsync();
        server.Faults.LostAnswers = 2;
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal(await UndisturbedAsync(), result.Model.ToArray());
        var headers = server.Federation.All<UploadHeader>().ToList();
        Assert.Equal([1u, 1u, 2u, 2u, 3u], headers.Select(header => header.Round));
        Assert.Equal(headers[0].Sha256, headers[1].Sha256);
    }

    [Fact]
    public async Task Waits_grow_with_the_time_that_the_trouble_lasts_up_to_a_bound_and_begin_anew_when_all_is_well()
    {
        await using var server = await FakeServer.StartAsync();
        for (int i = 0; i < 9; i++)
            server.Faults.Fail("Join", StatusCode.Unavailable);
        server.Faults.Fail("Upload", StatusCode.Unavailable);
        var time = new QuickTime();
        var options = server.Client(folder) with
        {
            Time = time,
            Jitter = new Fixed(0.8),
            FirstBackoff = TimeSpan.FromSeconds(0.5),
            LongestBackoff = TimeSpan.FromSeconds(5),
        };
        await FederatedClient.JoinAsync(options, learner);
        Assert.Equal([0.4, 0.4, 0.64, 1.152, 2.073, 3.732, 4, 4, 4, 0.4], time.Waits.Select(wait => wait.TotalSeconds));
    }

    [Theory]
    [InlineData(33_000u, "at most 97856 bytes")]
    [InlineData(0u, "at most 97856 bytes")]
    public async Task A_download_longer_than_the_layout_allows_is_refused_before_memory_is_taken(uint length, string rule)
    {
        await using var server = await FakeServer.StartAsync();
        var header = new DownloadHeader { Sha256 = Google.Protobuf.ByteString.CopyFrom(new byte[32]) };
        for (int i = 0; i < 3; i++)
            header.Segments.Add(new Segment
            {
                Kind = Segment.Types.Kind.Whole,
                Length = length == 0 ? ulong.MaxValue / 2
                : length
            });
        server.Faults.Headers.Enqueue(header);
        var result = await FederatedClient.JoinAsync(server.Client(folder) with { Progress = heard }, learner);
        Assert.Equal(await UndisturbedAsync(), result.Model.ToArray());
        Assert.Contains(heard.Steps, step => step.Stage == ClientStage.BackingOff
            && step.Message.Contains(rule, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_tried_until_it_can()
    {
        var server = await FakeServer.StartAsync();
        var options = server.Client(folder) with { Progress = heard };
        await server.DisposeAsync();
        using var leaving = new CancellationTokenSource();
        heard.At = _ =>
        {
            if (heard.Steps.Count(step => step.Stage == ClientStage.BackingOff) == 3)
                leaving.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FederatedClient.JoinAsync(options, learner, leaving.Token));
        Assert.All(heard.Steps, step => Assert.StartsWith("Nothing listens at ", step.Message, StringComparison.Ordinal));
    }

    static async Task<float[]> UndisturbedAsync()
    {
        await using var server = await FakeServer.StartAsync();
        using var other = new Folder();
        return (await FederatedClient.JoinAsync(server.Client(other), new Stepper(FakeFederation.Layout))).Model.ToArray();
    }
}

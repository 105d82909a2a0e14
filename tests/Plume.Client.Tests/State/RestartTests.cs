using Plume.Client.State;
using Plume.Client.Tests.Fakes;
using Plume.Protocol.V1;

namespace Plume.Client.Tests.State;

public sealed class RestartTests : IDisposable
{
    readonly Folder folder = new();
    readonly Stepper learner = new(FakeFederation.Layout);
    readonly Heard heard = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_update_on_its_way_is_sent_first_after_a_restart_and_not_made_again()
    {
        await using var server = await FakeServer.StartAsync();
        await LeaveAsync(server, step => step is { Stage: ClientStage.Uploading, Round: 2 });
        server.Federation.Requests.Clear();
        await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal([1, 2, 3], learner.Tasks.Select(task => task.Round));
        Assert.Equal(["JoinRequest", "UploadProgressRequest", "UploadHeader", "NextTaskRequest"],
            server.Federation.Requests.Take(4).Select(request => request.Descriptor.Name));
    }

    [Theory]
    [InlineData("settled", ClientStage.Training)]
    [InlineData("pending", ClientStage.Uploading)]
    public async Task What_another_learner_left_is_neither_taken_nor_thrown_away(string file, ClientStage stage)
    {
        await using var server = await FakeServer.StartAsync();
        await LeaveAsync(server, step => step.Round == 2 && step.Stage == stage);
        byte[] kept = File.ReadAllBytes(folder[$"{file}.bin"]);
        File.Delete(folder[file == "pending" ? "settled.bin" : "pending.bin"]);
        var refused = await Assert.ThrowsAsync<FederationException>(() =>
            FederatedClient.JoinAsync(server.Client(folder), new Stepper(FakeFederation.Layout) { MemoryLength = 3 }));
        Assert.Contains($"{file}.bin' has 4040 values that this client remembers, but with the learner at hand it remembers "
            + $"4043. Bring the learner that it had", refused.Message, StringComparison.Ordinal);
        Assert.Equal(kept, File.ReadAllBytes(folder[$"{file}.bin"]));
        await FederatedClient.JoinAsync(server.Client(folder), learner);
    }

    [Fact]
    public async Task An_update_that_counted_while_the_client_was_away_counts_once()
    {
        await using var server = await FakeServer.StartAsync();
        server.Faults.LostAnswers = 1;
        await LeaveAsync(server, step => step.Stage == ClientStage.BackingOff);
        var result = await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.Equal([1, 2, 3], learner.Tasks.Select(task => task.Round));
        Assert.Equal(server.Federation.Broadcast.Published.ToArray(), result.Model.ToArray());
    }

    [Fact]
    public async Task Whenever_a_client_is_killed_what_its_folder_holds_leads_to_the_same_end()
    {
        await using var server = await FakeServer.StartAsync();
        int copies = 0;
        heard.At = _ => Copy(folder.Path, folder[$"copy-{copies++}"]);
        await FederatedClient.JoinAsync(server.Client(folder) with { Progress = heard }, learner);
        Assert.True(copies > 12);
        byte[] settled = File.ReadAllBytes(folder["settled.bin"]);
        for (int copy = 0; copy < copies; copy++)
        {
            string kept = folder[$"copy-{copy}"];
            bool isLast = File.Exists(Path.Combine(kept, "pending.bin"))
                && server.Federation.All<UploadHeader>()
                    .Last().Round == KeptUpdate.Read(File.ReadAllBytes(Path.Combine(kept, "pending.bin")), out _).Round;
            var result = await FederatedClient.JoinAsync(server.Client(folder) with { Folder = kept }, learner);
            Assert.Equal(server.Federation.Broadcast.Published.ToArray(), result.Model.ToArray());
            Assert.False(File.Exists(Path.Combine(kept, "pending.bin")));
            if (isLast)
                Assert.Equal(settled, File.ReadAllBytes(Path.Combine(kept, "settled.bin")));
        }

        Assert.Equal([1, 2, 3], learner.Tasks.Select(task => task.Round));
    }

    [Fact]
    public async Task A_long_download_goes_on_after_a_restart()
    {
        byte[] graph = new byte[300_000];
        new Random(3).NextBytes(graph);
        await using var server = await FakeServer.StartAsync(new FakeFederation { Graph = graph });
        server.Faults.DownloadCuts.Enqueue(200_000);
        await LeaveAsync(server, step => step.Stage == ClientStage.BackingOff, options => options with { NeedsGraph = true });
        await FederatedClient.JoinAsync(server.Client(folder) with { NeedsGraph = true }, terms =>
        {
            Assert.Equal(graph, terms.Graph.ToArray());
            return learner;
        });
        Assert.InRange(server.Federation.All<DownloadRequest>().ElementAt(1).Offset, 1ul, 200_000ul);
        Assert.False(File.Exists(folder["download.bin"]));
    }

    [Theory]
    [InlineData("place")]
    [InlineData("model")]
    [InlineData("pending")]
    [InlineData("settled")]
    [InlineData("graph")]
    public async Task A_damaged_file_is_told_and_begun_anew(string name)
    {
        await using var server = await FakeServer.StartAsync(new FakeFederation { Graph = [1, 2, 3] });
        await LeaveAsync(server, step => step is { Stage: ClientStage.Uploading, Round: 2 },
            options => options with { NeedsGraph = true });
        Flip(folder[$"{name}.bin"]);
        var result = await FederatedClient.JoinAsync(server.Client(folder) with { NeedsGraph = true, Logger = heard }, learner);
        Assert.Equal(server.Federation.Broadcast.Published.ToArray(), result.Model.ToArray());
        Assert.Contains(heard.Lines,
            line => line.StartsWith($"{folder[$"{name}.bin"]} is not usable and is begun anew.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(60)]
    [InlineData(100_000)]
    public async Task A_damaged_beginning_of_a_download_does_no_harm(int place)
    {
        byte[] graph = new byte[300_000];
        new Random(4).NextBytes(graph);
        await using var server = await FakeServer.StartAsync(new FakeFederation { Graph = graph });
        server.Faults.DownloadCuts.Enqueue(200_000);
        await LeaveAsync(server, step => step.Stage == ClientStage.BackingOff, options => options with { NeedsGraph = true });
        Flip(folder["download.bin"], place);
        await FederatedClient.JoinAsync(server.Client(folder) with { NeedsGraph = true }, terms =>
        {
            Assert.Equal(graph, terms.Graph.ToArray());
            return learner;
        });
    }

    [Fact]
    public async Task What_a_killed_client_left_half_written_goes()
    {
        await using var server = await FakeServer.StartAsync();
        File.WriteAllText(folder["model.bin.123.tmp"], "half");
        await FederatedClient.JoinAsync(server.Client(folder), learner);
        Assert.False(File.Exists(folder["model.bin.123.tmp"]));
    }

    [Fact]
    public async Task A_disk_that_is_full_for_a_while_only_delays()
    {
        await using var server = await FakeServer.StartAsync();
        bool wasFull = false;
        heard.At = step =>
        {
            // What cannot be put in its place, as on a full disk.
            if (step.Stage == ClientStage.Training && !wasFull)
                wasFull = Directory.CreateDirectory(folder["pending.bin"]).Exists;
            if (step.Stage == ClientStage.BackingOff && Directory.Exists(folder["pending.bin"]))
                Directory.Delete(folder["pending.bin"]);
        };
        var result = await FederatedClient.JoinAsync(server.Client(folder) with { Progress = heard }, learner);
        Assert.Equal((3, true), (result.Version, heard.Steps.Any(step => step.Stage == ClientStage.BackingOff)));
    }

    async Task LeaveAsync(FakeServer server, Predicate<ClientProgress> when, Func<ClientOptions, ClientOptions>? change = null)
    {
        using var leaving = new CancellationTokenSource();
        var progress = new Heard
        {
            At = step =>
            {
                if (when(step))
                    leaving.Cancel();
            },
        };
        var options = server.Client(folder) with { Progress = progress };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            FederatedClient.JoinAsync(change?.Invoke(options) ?? options, learner, leaving.Token));
    }

    static void Flip(string path, int? place = null)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[place ?? bytes.Length / 2] ^= 16;
        File.WriteAllBytes(path, bytes);
    }

    static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from, "*.bin"))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}

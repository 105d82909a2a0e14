using Microsoft.Extensions.Time.Testing;
using Plume.Cli.Errors;
using Plume.Cli.Viewing;
using Plume.Pages.Boards;

namespace Plume.Cli.Tests.Viewing;

/// <summary>What a page says of run folders in any state.</summary>
public sealed class RunBoardsTests : IDisposable
{
    const string Line = """{"round":1,"accuracy":0.5,"loss":1.25,"uplinkBytes":100,"downlinkBytes":200,"seconds":2.5,"accepted":3,"norm":1,"bounded":[],"refused":["Client 2 sent no update."],"clientSeconds":1}""";

    readonly Folder folder = new();
    readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task A_run_at_work_shows_each_round_that_is_written_whole()
    {
        Write("run/experiment.json", """{"name":"mine","rounds":30,"data":{"set":"digits"}}""");
        Write("run/metrics.jsonl", $"{Line}\n{Line.Replace("\"round\":1", "\"round\":2", StringComparison.Ordinal)[..40]}");
        var boards = new RunBoards([folder["run"]], time);

        var board = await OnlyAsync(boards);

        Assert.Equal(("run", "Unfinished", "", ""), (board.Name, board.Phase, board.Message, board.Problem));
        Assert.Equal((30, 100L, 200L, 0.5), (board.Rounds, board.UplinkBytes, board.DownlinkBytes, board.Accuracy));
        Assert.Equal("Client 2 sent no update.", Assert.Single(Assert.Single(board.History).Notes));
        Assert.Same(board.History, (await OnlyAsync(boards)).History);

        Write("run/metrics.jsonl", $"{Line}\n{Line.Replace("\"round\":1", "\"round\":2", StringComparison.Ordinal)}\n");
        Assert.Equal(2, (await OnlyAsync(boards)).History.Count);

        // Resumed from a checkpoint that was before the second round.
        Write("run/metrics.jsonl", $"{Line}\n");
        Assert.Single((await OnlyAsync(boards)).History);
        time.Advance(TimeSpan.FromMinutes(5.5));
        Assert.Equal("Its last round was written 5 min ago", (await OnlyAsync(boards)).Message);
    }

    [Theory]
    [InlineData("{\"name\":\"mine\",\"rou", "written half, or of another version of plume. ")]
    [InlineData("{\"name\":\"mine\",\"ronds\":30}", "There is no key 'ronds' in an experiment")]
    public async Task An_experiment_that_cannot_be_read_is_said_and_its_rounds_are_shown(string experiment, string said)
    {
        Write("run/experiment.json", experiment);
        Write("run/metrics.jsonl", Line + "\n");

        var board = await OnlyAsync(new RunBoards([folder["run"]], time));

        Assert.Equal("Unreadable", board.Phase);
        Assert.Contains(said, board.Problem, StringComparison.Ordinal);
        Assert.Single(board.History);
    }

    [Theory]
    [InlineData("{\"round\":2,")]
    [InlineData("{\"round\":2,\"precision\":0.5}")]
    [InlineData("\0\0\0")]
    public async Task Metrics_of_another_version_are_read_up_to_there(string second)
    {
        Write("run/experiment.json", """{"name":"mine","data":{"set":"digits"}}""");
        Write("run/metrics.jsonl", $"{Line}\n{second}\n{Line}\n");

        var board = await OnlyAsync(new RunBoards([folder["run"]], time));

        Assert.Contains($"Line 2 of '{folder["run/metrics.jsonl"]}' is not the line of round 2: the file is damaged, or of another version "
            + "of plume.", board.Problem, StringComparison.Ordinal);
        Assert.Single(board.History);
    }

    [Fact]
    public async Task A_finished_run_has_its_clients_tensors_and_files_and_no_others()
    {
        Write("run/experiment.json", """{"name":"mine","rounds":1,"data":{"set":"digits"}}""");
        Write("run/metrics.jsonl", Line + "\n");
        Write("run/baseline/metrics.jsonl", Line + "\n");
        Write("run/clients.csv",
            "client,samples,rounds,downlinkBytes,uplinkBytes,seconds,accuracy\n0,50,1,200,100,0.5,0.9\n1,40,0,0,0,0,\n");
        Write("run/tensors.csv",
            "tensor,shape,role,values,uplinkBits,downlinkBits\n\"odd, \"\"name\"\"\",64 x 10,Weight,640,1.25,2.5\n");
        Write("run/report.html", "<p>");
        Write("secret.txt", "secret");
        var boards = new RunBoards([folder["run"]], time);

        var both = await boards.ReadAsync(default);

        Assert.Equal(["run", "run, fp32"], both.Select(board => board.Name));
        Assert.All(both, board => Assert.Equal("Finished", board.Phase));
        Assert.Equal([(50L, 0.9), (40L, null)], both[0].Clients.Select(client => (client.Samples!.Value, client.Accuracy)));
        Assert.Equal(new BoardTensor("odd, \"name\"", "64 x 10", 640, 1.25, 2.5), Assert.Single(both[0].Tensors));
        Assert.Equal(["report.html", "metrics.jsonl", "clients.csv", "tensors.csv", "experiment.json"],
            both[0].Files.Select(file => file.Name));
        using (var report = boards.Open("run", "report.html"))
            Assert.Equal(3, report!.Length);
        Assert.All(["../secret.txt", "secret.txt", "baseline", folder["secret.txt"]], file => Assert.Null(boards.Open("run", file)));
    }

    [Fact]
    public async Task A_folder_of_runs_shows_them_all_and_one_without_a_run_says_so()
    {
        Write("all/first/experiment.json", """{"name":"mine","data":{"set":"digits"}}""");
        Write("all/second/experiment.json", """{"name":"mine","data":{"set":"digits"}}""");
        Write("other/first/experiment.json", """{"name":"mine","data":{"set":"digits"}}""");
        Write("empty/some.txt", "");

        var boards = await new RunBoards([folder["all"], folder["other/first"], folder["empty"]], time).ReadAsync(default);

        Assert.Equal([folder["all/first"], "second", folder["other/first"], "empty"], boards.Select(board => board.Name));
        Assert.Equal($"There is no run in '{folder["empty"]}': it has no experiment.json.", boards[3].Problem);
        Assert.Contains("There is no folder 'nowhere'.", Assert.Throws<CliException>(() => new RunBoards(["nowhere"], time)).Message,
            StringComparison.Ordinal);
    }

    static async Task<Board> OnlyAsync(RunBoards boards) => Assert.Single(await boards.ReadAsync(default));

    void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        File.WriteAllText(folder[name], text);
    }

    public void Dispose() => folder.Dispose();
}

using System.Text.Json;

namespace Plume.Cli.Tests.Commands;

public sealed class PredictionsTests : IDisposable
{
    const string Held = "exchange=predictions(public=holdout(200), batch=50, bits=2)";

    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Clients_of_three_architectures_on_a_network_teach_the_student_that_a_simulation_of_it_leaves()
    {
        File.WriteAllText(folder["e.json"], """
            { "name": "net", "rounds": 5, "clients": 4, "participants": 3, "data": { "set": "digits" }, "model": { "name": "mlp", "local": ["logistic", "mlp", "lenet-300-100"] },
              "exchange": "predictions(public=holdout(200), batch=50, bits=2, labels=student)" }
            """);
        var simulated = Program.Run("simulate", folder["e.json"], "--json", "--out", folder["run"]);
        Assert.True(simulated.Code == 0, simulated.Error);
        var result = JsonDocument.Parse(simulated.Output).RootElement;
        // 50 labels in both directions, whatever the models' size: less than a hundredth of the mlp's floats.
        Assert.InRange(result.GetProperty("uplinkBytes").GetInt64() + result.GetProperty("downlinkBytes").GetInt64(), 1,
            5 * 3 * 2 * 4 * 4810 / 100);
        using var server = Program.StartUntil("Serving", out string line, "serve", folder["e.json"], "--insecure", "--listen",
            "127.0.0.1:0", "--state", folder["s"]);
        try
        {
            string address = line[line.LastIndexOf("http", StringComparison.Ordinal)..].Trim();
            string[] join = ["join", address, "--federation", "net", "--experiment", folder["e.json"], "--number", "0-3",
                "--name", "site", "--state", folder["c"]];
            var greedy = Program.Run([.. join, "-o", folder["joined.onnx"]]);
            Assert.Contains("take the model with plume fetch", greedy.Error, StringComparison.Ordinal);
            var strange = Program.Run([.. join, "--set", "seed=2"]);
            Assert.Contains("every client must have the very same samples", strange.Error, StringComparison.Ordinal);
            var joined = Program.Run(join);
            Assert.True(joined.Code == 0, joined.Error);
            var fetched = Program.Run("fetch", address, "--federation", "net", "-o", folder["fetched.onnx"]);
            Assert.True(fetched.Code == 0, fetched.Error);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(File.ReadAllBytes(folder["run/model.onnx"]), File.ReadAllBytes(folder["fetched.onnx"]));
    }

    [Theory]
    [InlineData("the test set measures the model, so it must not teach it", "exchange=predictions(public=test)")]
    [InlineData("exchange: public: 'faces' is no public set", "exchange=predictions(public=faces)")]
    [InlineData("exchange: A batch of 1000 cannot be drawn from 200 public samples", "exchange=predictions(public=holdout(200))")]
    [InlineData("leave the uplink 'rans' out", Held, "uplink=rans")]
    [InlineData("train by 'averaging'", Held, "training=scaffold")]
    [InlineData("would be another teacher", Held, "training=mutual(mlp)")]
    [InlineData("server.optimizer moves the model by updates", Held, "server.optimizer=fedadam")]
    [InlineData("model.local is for clients that exchange predictions", "model.local=mlp")]
    [InlineData("the nearest is \"mlp\"", Held, "model.local=mpl")]
    [InlineData("'lenet': ", Held, "model.local=mlp;lenet")]
    public void What_cannot_be_is_refused_before_the_first_round(string message, params string[] settings)
    {
        string[] plain = ["uplink=null", "downlink=null", "baseline=false"];
        var run = InProcess.Run([.. new[] { "simulate", "--out", folder["run"] }, .. plain.Concat(settings)
            .SelectMany(setting => new[] { "--set", setting })]);
        Assert.True(run.Code is 1 or 2, run.Output);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void Updates_cannot_be_dumped_where_none_travel()
    {
        var run = Program.Run("simulate", "--set", Held, "--set", "uplink=null", "--set", "downlink=null", "--dump-updates",
            folder["updates"], "--out", folder["run"]);
        Assert.Equal(1, run.Code);
        Assert.Contains("sends no updates", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["updates"]));
    }
}

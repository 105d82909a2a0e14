using System.Text.Json;
using Plume.Compression.Randomness;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Cli.Tests.Commands;

public sealed class TrainingTests : IDisposable
{
    const string Shipped = "scaffold";

    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(Shipped, "rotate | uniform(4) | rans")]
    [InlineData("personal(fc2.*)", "feedback | uniform(4) | rans")]
    [InlineData("prune(80%, rounds=1..4) | quantize(4, 8) | distill(teacher.onnx, temperature=4)",
        "feedback | uniform(4) | rans")]
    [InlineData("feddyn | mutual(logistic, temperature=2)", "feedback | uniform(4) | rans")]
    [InlineData("channels(60%, rounds=1,3)", "feedback | deadzone(abs=0.003) | range")]
    [InlineData("averaging", "feedback | uniform(4) | rans", "adapters(rank=3)")]
    [InlineData("averaging", "pack", "masks")]
    [InlineData("averaging", "deadzone(abs=0.003) | range", "powersgd(rank=3)")]
    public async Task What_a_network_trains_and_an_operator_fetches_is_what_a_simulation_leaves(string training, string uplink,
        string exchange = "updates")
    {
        WriteModel("teacher.onnx", "lenet-300-100", classes: 10);
        File.WriteAllText(folder["e.json"], $$"""
            { "name": "net", "rounds": 5, "clients": 4, "participants": 3, "data": { "set": "digits" }, "model": { "name": "mlp" }, "client": { "epochs": 2 },
              {{(training == Shipped ? "\"ships\": \"channels(30%) | quantize(8)\"," : "")}}
              "training": "{{training}}", "exchange": "{{exchange}}", "uplink": "{{uplink}}", "downlink": "delta | deadzone(abs=0.001953125) | range" }
            """);
        Assert.Equal(0, Program.Run("simulate", folder["e.json"], "--no-baseline", "--out", folder["run"]).Code);
        using var server = Program.StartUntil("Serving", out string line, "serve", folder["e.json"], "--insecure", "--listen",
            "127.0.0.1:0", "--state", folder["s"]);
        try
        {
            string address = line[line.LastIndexOf("http", StringComparison.Ordinal)..].Trim();
            var joined = Program.Run("join", address, "--federation", "net", "--experiment", folder["e.json"], "--number", "0-3",
                "--name", "site", "--state", folder["c"], "-o", folder["joined.onnx"]);
            Assert.True(joined.Code == 0, joined.Error);
            var fetched = Program.Run("fetch", address, "--federation", "net", "-o", folder["fetched.onnx"]);
            Assert.True(fetched.Code == 0, fetched.Error);
            // Which rounds the network went otherwise through, should it have.
            byte[] simulated = File.ReadAllBytes(folder["run/model.onnx"]);
            Assert.True(simulated.AsSpan().SequenceEqual(File.ReadAllBytes(folder["fetched.onnx"])), joined.Output + joined.Error
                + File.ReadAllText(folder["run/metrics.jsonl"]) + Program.Run("status", address, "--federation", "net").Output);
            // Where layers stay at home, a client ends with its own.
            Assert.Equal(!training.StartsWith("personal", StringComparison.Ordinal), simulated.AsSpan()
                .SequenceEqual(File.ReadAllBytes(folder["joined.onnx"])));
            if (training == Shipped)
            {
                var shipped = Program.Run("fetch", address, "--federation", "net", "--experiment", folder["e.json"], "-o",
                    folder["shipped.onnx"]);
                Assert.True(shipped.Code == 0, shipped.Error);
                Assert.Contains("through 'channels(30%) | quantize(8)', accuracy ", shipped.Output, StringComparison.Ordinal);
                Assert.Equal(File.ReadAllBytes(folder["run/shipped.onnx"]), File.ReadAllBytes(folder["shipped.onnx"]));
            }
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_client_brings_what_its_federation_learns_from_or_hears_before_the_first_round_what_is_missing()
    {
        File.WriteAllText(folder["e.json"], """
            { "name": "net", "rounds": 1, "clients": 1, "participants": 1, "data": { "set": "digits" }, "model": { "name": "mlp" }, "training": "distill(elsewhere.onnx, temperature=4)" }
            """);
        WriteModel("teacher.onnx", "logistic", classes: 10);
        WriteModel("more.onnx", "logistic", classes: 12);
        using var server = Program.StartUntil("Serving", out string line, "serve", folder["e.json"], "--insecure", "--listen",
            "127.0.0.1:0", "--state", folder["s"]);
        try
        {
            string[] join = ["join", line[line.LastIndexOf("http", StringComparison.Ordinal)..].Trim(), "--federation", "net",
                "--name", "site", "--state", folder["c"]];
            foreach (var (flags, message) in new (string[], string)[]
            {
                (["--data", "digits"], "The federation 'net' trains by 'distill(temperature=4)'. The learner has no teacher: "
                    + "name the teacher's file with plume join --teacher"),
                (["--data", "digits", "--teacher", folder["more.onnx"]],
                    "The teacher tells 12 classes apart, but 'mlp', which learns from it, 10"),
            })
            {
                var refused = Program.Run([.. join, .. flags]);
                Assert.NotEqual(0, refused.Code);
                Assert.Contains(message, refused.Error, StringComparison.Ordinal);
            }

            var joined = Program.Run([.. join, "--data", "digits", "--teacher", folder["teacher.onnx"]]);
            Assert.True(joined.Code == 0, joined.Error);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData("submodels(1, 1/2, 1/4)", 3, "1/4", "feedback | uniform(4) | rans", "delta | deadzone(abs=0.001953125) | range")]
    [InlineData("submodels(1, 1/2; rolling, scaled)", 2, "3/4", "rotate | uniform(4) | rans", "uniform(8) | rans")]
    public async Task Clients_of_several_capacities_make_the_model_that_a_simulation_of_them_makes(string exchange, int clients,
        string least, string uplink, string downlink)
    {
        File.WriteAllText(folder["e.json"], $$"""
            { "name": "net", "rounds": 4, "clients": {{clients}}, "participants": {{clients}}, "data": { "set": "digits" }, "model": { "name": "mlp" },
              "exchange": "{{exchange}}", "uplink": "{{uplink}}", "downlink": "{{downlink}}" }
            """);
        Assert.Equal(0, Program.Run("simulate", folder["e.json"], "--no-baseline", "--out", folder["run"]).Code);
        using var server = Program.StartUntil("Serving", out string line, "serve", folder["e.json"], "--insecure", "--listen",
            "127.0.0.1:0", "--state", folder["s"]);
        try
        {
            string[] join = ["join", line[line.LastIndexOf("http", StringComparison.Ordinal)..].Trim(), "--federation", "net",
                "--experiment", folder["e.json"]];
            Assert.Contains("but the client can have 1/8 at most",
                Program.Run([.. join, "--capacity", "1/8", "--name", "tiny", "--state", folder["t"]]).Error,
                StringComparison.Ordinal);
            var weak = Task.Run(() =>
                Program.Run([.. join, "--capacity", least, "--name", "weak", "--state", folder["w"], "-o", folder["weak.onnx"]]));
            var strong = Program.Run(
                [.. join, "--number", $"0-{clients - 2}", "--name", "site", "--state", folder["c"], "-o", folder["joined.onnx"]]);
            Assert.True(strong.Code == 0, strong.Error);
            Assert.True((await weak).Code == 0, (await weak).Error);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(File.ReadAllBytes(folder["run/model.onnx"]), File.ReadAllBytes(folder["joined.onnx"]));
        Assert.Equal(64 >> (clients - 1), OnnxFile.ReadFile(folder["weak.onnx"]).FindInitializer("fc1.weight")!.Shape[0]);
    }

    [Fact]
    public void What_ships_has_the_integers_and_the_zeros_that_were_trained_and_their_accuracy()
    {
        var run = Program.Run("simulate", "--set", "model.name=mlp", "--set", "rounds=8", "--set", "client.epochs=3", "--set",
            "training=prune(75%, rounds=2..6) | quantize(4, 8)", "--json", "--out", folder["run"]);
        Assert.Equal(0, run.Code);
        var result = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(result.GetProperty("accuracy").GetDouble(), result.GetProperty("shipped").GetProperty("accuracy")
            .GetDouble(), 0.006);
        Assert.Equal(new FileInfo(folder["run/model.onnx"]).Length, result.GetProperty("shipped").GetProperty("bytes")
            .GetInt64());
        Assert.True(result.GetProperty("baseline").GetProperty("accuracy").GetDouble() > 0.5);

        var shipped = OnnxFile.ReadFile(folder["run/model.onnx"]);
        Assert.Contains(shipped.Nodes, node => node.OpType == "QuantizeLinear");
        sbyte[] integers = [.. shipped.Initializers.Where(tensor => tensor.Shape.Count == 2)
            .SelectMany(tensor => tensor.Data.ToArray()).Select(value => (sbyte)value)];
        Assert.InRange(integers.Count(value => value == 0), 0.74 * integers.Length, integers.Length);
    }

    [Theory]
    [InlineData("exchange=gradients",
        "'gradients' is nothing that clients exchange; known are updates, submodels, predictions, adapters, masks")]
    [InlineData("exchange=submodels(1, 1/2, 2/4)", "'1/2' must be below '1/2', the capacity before it")]
    [InlineData("exchange=submodels(1, 255/256);model.name=mlp",
        "capacity 255/256: Model 'mlp' would not become smaller: all keep their channels")]
    [InlineData("exchange=submodels(1, 1/2, 127/256);model.name=mlp",
        "capacity 127/256 has as many channels as the one before it")]
    [InlineData("exchange=submodels(1, 1/2);model.name=logistic",
        "capacity 1/2: Model 'logistic' would not become smaller: The channels of 'fc.weight' stay")]
    [InlineData("exchange=submodels(1, 1/2);training=quantize(4, 8)",
        "whose steps of 'quantize(4, 8)' are not one another's: leave one of the two out")]
    [InlineData("exchange=submodels(1, 1/2);training=feddyn", "cannot be exchanged where clients train by 'feddyn'")]
    [InlineData("exchange=updates | updates", "'updates' cannot stand after 'updates'")]
    [InlineData("training=scafold", "'scafold' is no way to train; known are averaging, scaffold, scallion, feddyn, ")]
    [InlineData("training=scaffold | feddyn", "column 12: 'feddyn' cannot stand beside 'scaffold'")]
    [InlineData("training=quantize(4)", "needs the bits of weights and of activations")]
    [InlineData("training=quantize(9, 8)", "'9' must be an integer from 1 to 8")]
    [InlineData("training=distill(none.onnx)",
        "which does not exist. A teacher for this data can be made with: plume train resnet8 --data digits -o ")]
    [InlineData("training=mutual(vgg)", "Clients cannot learn from 'vgg'. There is no model 'vgg'; the built-in models are")]
    [InlineData("training=prune(50%, rounds=2..90)", "prunes until round 90, but there are")]
    [InlineData("training=channels(99%, rounds=2)", "cannot be reached: with one channel of each layer left")]
    [InlineData("training=scaffold", "neither feedback nor mask fits")]
    [InlineData("training=scallion;uplink=pack;client.schedule=cosine", "with 'cosine' train by 'scaffold'")]
    [InlineData("training=fedcm;client.momentum=0.9", "let their optimizer be sgd without momentum")]
    [InlineData("training=personal", "personal needs the layers that stay at home")]
    [InlineData("training=personal(normalization)", "finds no layer that could stay at home. The model has fc1.")]
    [InlineData("client.schedule=step(0.1, 40)", "changes the learning rate until round 40, but there are")]
    [InlineData("exchange=powersgd(rank=500);uplink=pack", "finds no weight that is larger than 500 of its rows and columns")]
    [InlineData("exchange=powersgd(rank=2)", "remembers what was not sent by itself")]
    [InlineData("training=fedexp", "an uplink that drops values makes too short")]
    [InlineData("training=fedexp(0)", "'0' must be above 0")]
    [InlineData("training=fednova;client.optimizer=adam", "let the clients' optimizer be sgd")]
    public void A_line_that_cannot_be_trained_by_is_refused_before_the_first_round(string setting, string message)
    {
        var run = InProcess.Run(["simulate", .. setting.Split(';').SelectMany(each => new[] { "--set", each }), "--out",
            folder["run"]]);
        Assert.Equal(setting.Contains("none.onnx", StringComparison.Ordinal) ? 2 : 1, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]));
    }

    void WriteModel(string file, string name, int classes) =>
        File.WriteAllBytes(folder[file], OnnxFile.Write(ModelZoo.Build(name, [1, 8, 8], classes, RandomKey.FromSeed(5))));
}

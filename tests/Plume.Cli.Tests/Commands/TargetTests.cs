using System.Globalization;
using System.Text;
using System.Text.Json;
using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Models.Onnx;

namespace Plume.Cli.Tests.Commands;

/// <summary>Numbers to predict in place of classes, from a table to what ships.</summary>
public sealed class TargetTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_number_is_learned_and_measured_in_its_own_units()
    {
        Table("rents.csv", 200);
        Assert.Contains("R2 9", Run("train", "logistic", "--data", folder["rents.csv"], "--target", "rent", "--normalize", "--epochs",
            "20", "-o", folder["m.onnx"]).Output, StringComparison.Ordinal);
        var schema = SampleSchema.Of(OnnxFile.ReadFile(folder["m.onnx"]));
        Assert.Equal("rent", schema.Target!.Name);
        Assert.InRange(schema.Target.Mean, 800, 1400);

        // The model says which column it predicts; one that was trained on other units is measured in these.
        Run("train", "mlp", "--data", folder["rents.csv"], "--target", "rent", "--normalize", "--test", "share(50%)", "--epochs", "20", "-o",
            folder["n.onnx"]);
        using var json = JsonDocument.Parse(Run("evaluate", folder["m.onnx"], folder["n.onnx"], "--json", "--data", folder["rents.csv"]).Output);
        foreach (var model in json.RootElement.EnumerateArray())
        {
            var figures = model.GetProperty("regression");
            Assert.InRange(figures.GetProperty("r2").GetDouble(), 0.9, 1);
            Assert.InRange(figures.GetProperty("mae").GetDouble(), 5, 80);
            Assert.InRange(Math.Sqrt(figures.GetProperty("mse").GetDouble()) / figures.GetProperty("mae").GetDouble(), 1, 2);
        }

        Assert.Contains("R2", Run("evaluate", folder["m.onnx"], "--data", folder["rents.csv"]).Output, StringComparison.Ordinal);
        Run("quantize", folder["m.onnx"], "--data", folder["rents.csv"], "-o", folder["q.onnx"]);
    }

    [Fact]
    public void A_federation_learns_it_and_its_report_says_so()
    {
        Table("rents.csv", 200);
        File.WriteAllText(folder["e.json"], """
            { "name": "rents", "rounds": 6, "participants": 4, "clients": 4, "model": { "name": "logistic" },
              "data": { "set": "table", "file": "rents.csv", "target": "rent", "normalize": true },
              "client": { "epochs": 3, "batchSize": 16, "learningRate": 0.1 }, "uplink": "feedback | uniform(8) | rans" }
            """);
        string said = Run("simulate", folder["e.json"], "--out", folder["run"], "--measure").Output;
        Assert.Contains("R2", said, StringComparison.Ordinal);
        Assert.DoesNotContain("accuracy", said, StringComparison.Ordinal);
        using var result = JsonDocument.Parse(File.ReadAllText(folder["run/result.json"]));
        Assert.InRange(result.RootElement.GetProperty("accuracy").GetDouble(), 0.8, 1);
        Assert.InRange(result.RootElement.GetProperty("regression").GetProperty("r2").GetDouble(),
            result.RootElement.GetProperty("accuracy").GetDouble() - 1e-4, result.RootElement.GetProperty("accuracy").GetDouble() + 1e-4);
        Assert.Equal("R2", result.RootElement.GetProperty("metric").GetString());
        string page = File.ReadAllText(folder["run/report.html"]);
        Assert.DoesNotContain("ccuracy", page, StringComparison.Ordinal);
        Assert.Contains("R2 by round", page, StringComparison.Ordinal);
        Assert.Contains("mean absolute", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Sites_summaries_have_the_number_and_a_federation_of_them_is_joined()
    {
        Table("all.csv", 120);
        Table("a.csv", 40);
        Run("summarize", folder["a.csv"], "--target", "rent", "-o", folder["a.json"]);
        Run("summarize", folder["all.csv"], "--target", "rent", "-o", folder["all.json"]);
        Run("summarize", folder["a.json"], folder["all.json"], "-o", folder["columns.json"]);
        File.WriteAllText(folder["e.json"], """
            { "name": "rents", "rounds": 3, "participants": 1, "clients": 1, "model": { "name": "logistic" },
              "data": { "set": "table", "file": "all.csv", "target": "rent", "normalize": true, "columns": "columns.json" },
              "client": { "epochs": 3, "batchSize": 8, "learningRate": 0.1 } }
            """);
        using var server = Program.StartUntil("Serving", out string line, "serve", folder["e.json"], "--insecure", "--listen",
            "127.0.0.1:0", "--state", folder["s"], "--page", "none");
        try
        {
            Run("join", line[line.LastIndexOf("http", StringComparison.Ordinal)..].Trim(), "--federation", "rents", "--name", "a", "--state",
                folder["of-a"], "--data", folder["a.csv"], "-o", folder["m.onnx"]);
            string status = Run("status", line[line.LastIndexOf("http", StringComparison.Ordinal)..].Trim(), "--federation", "rents").Output;
            Assert.Contains(" R2 ", status, StringComparison.Ordinal);
            Assert.DoesNotContain("accuracy", status, StringComparison.Ordinal);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            server.WaitForExit();
        }

        Assert.Equal("rent", SampleSchema.Of(OnnxFile.ReadFile(folder["m.onnx"])).Target!.Name);
    }

    [Theory]
    [InlineData("train", "logistic", "--label", "rent", "name the column with --target")]
    [InlineData("train", "logistic", "--target", "city", "'city' is 'Ulm', which is not a finite number")]
    [InlineData("train", "logistic", "--target", "rent", "--class-weights", "balanced", "has a number to predict")]
    [InlineData("train", "logistic", "--target", "rent", "--label", "city", "give one of them")]
    [InlineData("simulate", "data.partition=dirichlet(0.3)", "deals by class")]
    [InlineData("simulate", "client.classWeights=balanced", "is for classes")]
    [InlineData("simulate", "exchange=predictions(public=holdout(20), batch=10, bits=1)", "predictions are of classes")]
    [InlineData("simulate", "training=mutual(mlp)", "has a number to predict")]
    public void What_is_for_classes_alone_is_refused(params string[] line)
    {
        Table("rents.csv", 60);
        string[] asked = line[0] == "train" ? [.. line[..^1], "--data", folder["rents.csv"], "-o", folder["m.onnx"]]
            : ["simulate", "--out", folder["run"], "--no-baseline", .. new[] { "data.set=table", $"data.file={folder["rents.csv"]}", "data.target=rent",
                "model.name=logistic", "clients=3", "participants=3", "rounds=1", "data.partition=iid", line[1] }.SelectMany(pair => new[] { "--set", pair })];
        // Only a process of its own has what trains.
        var refused = line[1].StartsWith("training=", StringComparison.Ordinal) ? Program.Run(asked) : InProcess.Run(asked);
        Assert.Contains(line[^1], refused.Error, StringComparison.Ordinal);
        Assert.True(refused.Code is 1 or 2, $"{refused.Code}: {refused.Error}");
    }

    [Fact]
    public void A_model_that_learned_nothing_is_told_of()
    {
        var text = new StringBuilder("size,label\n");
        for (int i = 0; i < 200; i++)
            text.Append(CultureInfo.InvariantCulture, $"{20000 + i * 7 % 60},{(i % 3 == 0 ? 1 : 0)}\n");
        File.WriteAllText(folder["t.csv"], text.ToString());
        var run = Program.Run("train", "mlp", "--data", folder["t.csv"], "--epochs", "1", "-o", folder["m.onnx"]);
        Assert.Contains("no better than one that always names the commonest class", run.Error, StringComparison.Ordinal);
        Assert.Contains("--normalize", run.Error, StringComparison.Ordinal);
    }

    // A rent of size, floor and town, with some chance in it.
    void Table(string name, int rows)
    {
        var text = new StringBuilder("size,floor,city,rent\n");
        var draws = new RandomDraws(RandomKey.FromSeed((ulong)rows));
        for (int i = 0; i < rows; i++)
        {
            double size = 40 + 60 * draws.NextDouble();
            int floor = draws.NextInt(5);
            bool isUlm = draws.NextInt(2) == 0;
            text.Append(CultureInfo.InvariantCulture,
                $"{size:0.#},{floor},{(isUlm ? "Ulm" : "Jena")},{300 + 11 * size + 10 * floor + (isUlm ? 150 : 0) + 15 * draws.NextNormal():0.##}\n");
        }

        File.WriteAllText(folder[name], text.ToString());
    }

    static Program.Ended Run(params string[] arguments)
    {
        var run = Program.Run(arguments);
        Assert.True(run.Code == 0, $"{string.Join(' ', arguments)}: {run.Code} {run.Error}");
        return run;
    }
}

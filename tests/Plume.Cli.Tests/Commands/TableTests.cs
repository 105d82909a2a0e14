using System.Globalization;
using System.Text;
using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Cli.Tests.Commands;

/// <summary>
/// Tables as sites have them: the same columns in another order, some of the classes, more columns than are wanted.
/// </summary>
public sealed class TableTests : IDisposable
{
    static readonly string[] Columns = ["pulse", "dose", "age"];
    static readonly string[] Classes = ["cold", "flu", "well"];

    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Every_command_finds_a_models_columns_and_classes_by_name()
    {
        Table("one.csv", [0, 1, 2], Classes, 90);
        Table("other.csv", [2, 0, 1], Classes, 60, index: true);
        Run("train", "logistic", "--data", folder["one.csv"], "--epochs", "30", "--learning-rate", "0.2", "-o", folder["m.onnx"]);
        Assert.Equal(new SampleSchema { Columns = Columns, Classes = Classes },
            SampleSchema.Of(OnnxFile.ReadFile(folder["m.onnx"])));

        foreach (string[] line in new string[][]
        {
            ["train", folder["m.onnx"], "--epochs", "1", "-o", folder["trained.onnx"]],
            ["prune", folder["m.onnx"], "--connections", "10%", "--fine-tune", "1", "-o", folder["pruned.onnx"]],
            ["quantize", folder["m.onnx"], "-o", folder["quantized.onnx"]],
            ["distill", "--teacher", folder["m.onnx"], "--student", "logistic", "--epochs", "30", "--learning-rate", "0.2", "-o",
                folder["student.onnx"]],
        })
            Assert.Contains("Left out: the first column, with no name", Run([.. line, "--data", folder["other.csv"]]).Error,
                StringComparison.Ordinal);

        string[] models = [folder["m.onnx"], folder["trained.onnx"], folder["pruned.onnx"], folder["quantized.onnx"],
            folder["student.onnx"]];
        string measured = Run(["evaluate", .. models, "--json", "--data", folder["other.csv"]]).Output;
        Assert.Equal(models.Length, measured.Split("\"accuracy\": 1,").Length - 1);
        Assert.All(models, model => Assert.Equal(Columns, SampleSchema.Of(OnnxFile.ReadFile(model)).Columns!));

        // One that was trained on another order of the columns stands beside them, each with its own.
        Run("train", "logistic", "--data", folder["other.csv"], "--epochs", "30", "--learning-rate", "0.2", "-o",
            folder["o.onnx"]);
        Assert.NotEqual(Columns, SampleSchema.Of(OnnxFile.ReadFile(folder["o.onnx"])).Columns!);
        Assert.Equal(2, Run("evaluate", folder["m.onnx"], folder["o.onnx"], "--json", "--data",
            folder["one.csv"]).Output.Split("\"accuracy\": 1,").Length - 1);

        Table("alien.csv", [0, 1], Classes, 9);
        var refused = Program.Run("evaluate", folder["m.onnx"], "--data", folder["alien.csv"]);
        Assert.Equal(2, refused.Code);
        Assert.Contains("lacks a column that the model takes: age. The file has pulse, dose, label.", refused.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sites_with_other_orders_of_columns_and_some_of_the_classes_learn_together()
    {
        Table("server.csv", [0, 1, 2], Classes, 90);
        Table("a.csv", [2, 1, 0], ["flu", "cold"], 30, index: true);
        Table("b.csv", [1, 2, 0], ["well"], 30);
        File.WriteAllText(folder["e.json"], """
            { "name": "flu", "rounds": 12, "clients": 2, "participants": 2, "data": { "set": "csv", "file": "server.csv" },
              "model": { "name": "logistic" }, "client": { "epochs": 3, "batchSize": 8, "learningRate": 0.2 } }
            """);
        using var server = Program.StartUntil("Serving", out string line, "serve", folder["e.json"], "--insecure", "--listen",
            "127.0.0.1:0", "--state", folder["s"]);
        try
        {
            string address = line[line.LastIndexOf("http", StringComparison.Ordinal)..].Trim();
            var sites = new[] { "a",
                "b" }.Select(site => Task.Run(() =>
                    Program.Run("join", address, "--federation", "flu", "--name", site, "--state", folder[$"of-{site}"], "--data",
                        folder[$"{site}.csv"], "-o", folder[$"{site}.onnx"]))).ToArray();
            Assert.All(await Task.WhenAll(sites), site => Assert.Equal(0, site.Code));
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Contains("\"accuracy\": 1,", Run("evaluate", folder["b.onnx"], "--json", "--data", folder["server.csv"]).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_of_other_magnitudes_are_normalized_as_the_model_says_from_then_on()
    {
        string text = "far,flat,near,label\n"
            + string.Concat(Enumerable.Range(0, 60).Select(i => $"{1e6 + i % 2 * 1e3 + i},7,{(i * 13 % 10) * 1e-3},{i % 2}\n"));
        File.WriteAllText(folder["t.csv"], text);
        Run("train", "logistic", "--normalize", "--data", folder["t.csv"], "--epochs", "40", "--learning-rate", "0.3", "-o",
            folder["m.onnx"]);
        Assert.Contains("\"accuracy\": 1,", Run("evaluate", folder["m.onnx"], "--json", "--data", folder["t.csv"]).Output,
            StringComparison.Ordinal);
        var normalization = SampleSchema.Of(OnnxFile.ReadFile(folder["m.onnx"])).Normalization!;
        Assert.Equal((7f, 1f), (normalization.Mean[1], normalization.Scale[1]));
        string[] federated = ["simulate", "--set", "data.set=csv", "--set", $"data.file={folder["t.csv"]}", "--set",
            "data.normalize=true", "--set", "model.name=logistic", "--set", "clients=3", "--set", "participants=3", "--set",
            "rounds=5", "--set", "client.learningRate=0.5", "--out", folder["run"]];
        Run(federated);
        Assert.Contains("\"accuracy\": 1,",
            Run("evaluate", Path.Combine(folder["run"], "model.onnx"), "--json", "--data", folder["t.csv"]).Output,
            StringComparison.Ordinal);
        Assert.Contains("one from a file says itself how its values are normalized",
            Program.Run("train", folder["m.onnx"], "--normalize", "--data", folder["t.csv"], "-o", folder["x.onnx"]).Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Names_empty_cells_and_a_split_are_one_thing_in_a_federation_a_summary_and_a_measurement()
    {
        string table = Repository.Path("experiments/data/visits.csv"), part = "column(part=test)";
        Run("summarize", table, "--label", "illness", "--leave-out", "site", "--leave-out", "part", "-o", folder["all.json"]);
        var run = Run("simulate", Repository.Path("experiments/visits.json"), "--set", $"data.columns={folder["all.json"]}",
            "--set", "data.partition=iid", "--set", "clients=4", "--set", "data.test=file(" + table + ")",
            "--set", "data.leaveOut=site;part", "--no-baseline", "--out", folder["all"]);
        Assert.Contains("8 empty cells of 'cough' are none of its names", run.Error, StringComparison.Ordinal);
        Run("simulate", Repository.Path("experiments/visits.json"), "--no-baseline", "--out", folder["run"]);
        var (learned, given) = (SampleSchema.Of(OnnxFile.ReadFile(Path.Combine(folder["run"], "model.onnx"))),
            SampleSchema.Of(OnnxFile.ReadFile(Path.Combine(folder["all"], "model.onnx"))));
        Assert.Equal(["age", "temperature", "pulse", "cough", "days"], learned.Columns!);
        Assert.Equal(["dry", "none", "wet"], learned.Categories![3]);
        // What is learned of the rows to learn from is not what all rows say.
        Assert.NotEqual(given.Normalization, learned.Normalization);
        Assert.Equal(given with { Normalization = null, Fill = null }, learned with { Normalization = null, Fill = null });
        Assert.Contains("\"accuracy\": 0.9", Run("evaluate", Path.Combine(folder["run"], "model.onnx"), "--json", "--data", table,
            "--label", "illness", "--test", part).Output, StringComparison.Ordinal);
        var refused = Program.Run("evaluate", Path.Combine(folder["run"], "model.onnx"), "--data", table, "--test", "part");
        Assert.Contains("--test: Test rows 'part' must be share(20%)", refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, refused.Code);
    }

    [Theory]
    [InlineData(2, "needs two rows or more, for one is kept to measure on, but the table has 1", "1,2,0\n")]
    [InlineData(2, "A model tells two classes or more apart, but 'train' has only one.", "1,2,0\n3,4,0\n5,6,0\n")]
    [InlineData(2, "A model tells two classes or more apart, but all 2 samples to learn from have the class 'flu'.", "1,2,cold\n3,4,flu\n5,6,flu\n")]
    [InlineData(4, "values are too large", "1e38,3e38,0\n-3e38,1,1\n2e38,3e38,1\n-1e38,-2e38,0\n1e37,3e38,1\n")]
    [InlineData(2, "line 3, column 1: 'a' is '?', where a value must be; fill it in", "1,2,0\n?,2,1\n")]
    public void A_table_that_nothing_can_be_learned_from_is_refused(int code, string message, string rows)
    {
        File.WriteAllText(folder["t.csv"], "a,b,label\n" + rows);
        var refused = Program.Run("train", "logistic", "--data", folder["t.csv"], "-o", folder["m.onnx"]);
        Assert.Contains(message, refused.Error, StringComparison.Ordinal);
        Assert.Equal(code, refused.Code);
        Assert.False(File.Exists(folder["m.onnx"]));
    }

    [Fact]
    public void A_model_is_measured_and_trained_on_some_of_its_classes()
    {
        OnnxFile.WriteFile(folder["ten.onnx"], ModelZoo.Build("logistic", [3], 10, RandomKey.FromSeed(1)));
        Table("some.csv", [0, 1, 2], ["0", "3"], 30);
        Run("train", folder["ten.onnx"], "--data", folder["some.csv"], "--epochs", "1", "-o", folder["m.onnx"]);
        Assert.Contains("accuracy", Run("evaluate", folder["m.onnx"], "--data", folder["some.csv"]).Output,
            StringComparison.Ordinal);
        Table("more.csv", [0, 1, 2], ["0", "10"], 30);
        var refused = Program.Run("evaluate", folder["m.onnx"], "--data", folder["more.csv"]);
        Assert.Contains("'label' is '10', which is not a class from 0 to 9.", refused.Error, StringComparison.Ordinal);
        Assert.Equal(2, refused.Code);
    }

    static Program.Ended Run(params string[] arguments)
    {
        var run = Program.Run(arguments);
        Assert.True(run.Code == 0, $"{string.Join(' ', arguments)}: {run.Code} {run.Error}");
        return run;
    }

    // Each class has its own place in the space of the columns.
    void Table(string file, int[] order, string[] classes, int rows, bool index = false)
    {
        var draws = new RandomDraws(RandomKey.FromSeed((ulong)rows).Fold(file));
        var text = new StringBuilder((index ? "," : "") + string.Join(',', order.Select(column => Columns[column])) + ",label\n");
        for (int row = 0; row < rows; row++)
        {
            string name = classes[row % classes.Length];
            int place = Math.Max(0, Array.IndexOf(Classes, name));
            var values = order.Select(column => (3 * (column == place ? 1 : 0) + draws.NextInt(100) / 200.0)
                .ToString(CultureInfo.InvariantCulture));
            text.Append(index ? $"{row + 5}," : "").Append(string.Join(',', values)).Append(',').Append(name).Append('\n');
        }

        File.WriteAllText(folder[file], text.ToString());
    }
}

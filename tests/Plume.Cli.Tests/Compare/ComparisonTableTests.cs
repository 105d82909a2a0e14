using System.Xml.Linq;
using Plume.Cli.Compare;
using Plume.Cli.Experiments;
using Plume.Cli.Runs;

namespace Plume.Cli.Tests.Compare;

public class ComparisonTableTests
{
    const int Terminal = 120;

    [Fact]
    public void The_tables_fit_a_terminal_and_leave_out_what_nobody_has()
    {
        string full = ComparisonTable.Text([Row("fp32", 3, hasAll: true), Row("best-combination", 3, hasAll: true)]);
        Assert.All(full.Split('\n'), line => Assert.InRange(line.Length, 0, Terminal));
        Assert.All((string[])["worst tenth", "on the links", "clients' work", "memory", ".onnx", ".plume", "its accuracy",
            "latency", "1/2"], head => Assert.Contains(head, full, StringComparison.Ordinal));
        string bare = ComparisonTable.Text([Row("fp32", 1, hasAll: false)]);
        Assert.All((string[])["from", "worst tenth", "links", "its accuracy", "latency", "ships"],
            head => Assert.DoesNotContain(head, bare, StringComparison.Ordinal));
        // One row that has links is enough, and the others say that they have none.
        Assert.Matches("fp32 +- ", ComparisonTable.Text([Row("fp32", 1, hasAll: false), Row("timed", 1, hasAll: true)]));
    }

    [Fact]
    public void Every_figure_is_a_column_of_the_csv()
    {
        ComparedExperiment[] rows = [Row("one", 2, hasAll: true), Row("two", 2, hasAll: false)];
        string[] lines = ComparisonTable.Csv(rows).TrimEnd('\n').Split('\n');
        Assert.Equal(ComparisonTable.Json(rows)[0]!.AsObject().Select(member => member.Key), lines[0].Split(','));
        Assert.Equal(3, lines.Length);
    }

    [Fact]
    public void What_models_are_measured_by_is_called_by_its_name()
    {
        string[] number = ["data.set=table", "data.file=rents.csv", "data.target=rent", "model.name=logistic"];
        ComparedExperiment[] rows = [Row("one", 2, hasAll: true, number), Row("two", 2, hasAll: true, number)];
        string told = ComparisonTable.Text(rows) + ComparisonPage.Render(rows, "");
        Assert.DoesNotContain("ccuracy", told, StringComparison.Ordinal);
        Assert.Contains("R2 by round", told, StringComparison.Ordinal);
        Assert.Equal("R2", (string?)ComparisonTable.Json(rows)[1]!["metric"]);
        Assert.Contains("accuracy or R2", ComparisonTable.Text([Row("classes", 1, hasAll: true), .. rows]), StringComparison.Ordinal);
    }

    [Fact]
    public void Sixteen_rows_have_lines_of_their_own_and_names_that_do_not_lie_upon_one_another()
    {
        ComparedExperiment[] rows = [.. Enumerable.Range(0, 16).Select(place => Row($"experiment-{place}", 1, hasAll: true))];
        string page = ComparisonPage.Render(rows, "");
        var charts = XDocument.Parse(page[page.IndexOf("<html", StringComparison.Ordinal)..]).Descendants("svg").ToList();
        Assert.Equal(4, charts.Count);
        Assert.All(charts, chart =>
        {
            Assert.Equal(16, chart.Elements("polyline").Select(line => line.Attribute("class")!.Value).Distinct().Count());
            double[] heights = [.. chart.Elements("text")
                .Where(text => text.Attribute("class")!.Value.StartsWith("name", StringComparison.Ordinal))
                    .Select(text => (double)text.Attribute("y")!).Order()];
            Assert.All(heights.Zip(heights.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 13.5, 400));
            Assert.InRange(heights[^1], 0, 320);
        });
    }

    static ComparedExperiment Row(string name, int seeds, bool hasAll, params string[] overrides)
    {
        var settings = SettingsReader.Read("""{ "data": { "set": "digits" }, "model": { "name": "mlp" } }"""u8, "test", "/",
            [$"name={name}", .. overrides]);
        RoundLine[] rounds = [.. Enumerable.Range(1, 5)
            .Select(round => new RoundLine(round, 0.8 + round / 100.0, 1, 12_345_678, 98_765_432, 1.5, 10, 1, [],
                []) { LinkSeconds = hasAll ? 1234 : null })];
        var result = new RunResult(0.8901, 5, 61_728_390, name == "fp32" ? 1_098_765_432
            : 493_827_160, 1.5, 412_000_000, 0, 0, null)
        {
            ClientSeconds = 4321,
            LinkSeconds = hasAll ? 6170 : null,
            WorstTenth = hasAll ? 0.6123 : null,
            Model = new ModelSize(178_000, 44_500) { LatencyMicroseconds = hasAll ? 123.4 : null },
            Shipped = hasAll ? new ShippedFigures(0.8876, 61_700)
            {
                PlumeBytes = 23_400,
                LatencyMicroseconds = 99.9,
                Line = "channels(50%)"
            } : null,
        };
        return new ComparedExperiment(name, new Experiment(settings),
            [.. Enumerable.Range(1, seeds)
                .Select(seed => new ComparedRun(seed, rounds, result with { Accuracy = 0.88 + seed / 1000.0 }))]);
    }
}

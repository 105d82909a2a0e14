using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Plume.Cli.Exports;
using Plume.Cli.Runs;
using Plume.Learning.Data.Tables;

namespace Plume.Cli.Tests.Exports;

/// <summary>What other programs read of a run, and its page made again.</summary>
public sealed class ExportTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_checksum_is_Castagnolis_and_a_file_begins_as_TensorFlows()
    {
        Assert.Equal(0xE3069283, EventFile.Crc("123456789"u8));
        byte[] file = EventFile.Of([]);
        // The first twelve bytes of any of its event files: 24 bytes follow, and their masked checksum.
        Assert.Equal([24, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22], file[..12]);
        Assert.Contains("brain.Event:2", Encoding.ASCII.GetString(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_record_has_its_length_and_checksums()
    {
        var round = new RoundLine(1, 0.5, 0.7, 10, 20, 0.25, 2, 1, [], []);
        byte[] file = EventFile.Of([round, round with { Round = 2, Accuracy = null }]);
        int at = 0, records = 0;
        while (at < file.Length)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(EventFile.Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            Assert.Equal(EventFile.Masked(file.AsSpan(at + 12, length)),
                BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            at += 16 + length;
            records++;
        }

        Assert.Equal((file.Length, 3), (at, records));
        Assert.Single(Encoding.ASCII.GetString(file).Split("accuracy")[1..]);
    }

    [Fact]
    public void A_run_gives_its_page_again_and_its_rounds_as_tables_events_and_charts()
    {
        string run = folder["run"];
        Run("simulate", Repository.Path("experiments/visits.json"), "--set", "rounds=3", "--measure", "--out", run);
        byte[] page = File.ReadAllBytes(Path.Combine(run, "report.html"));
        Assert.Contains("By class", Encoding.UTF8.GetString(page), StringComparison.Ordinal);
        File.Delete(Path.Combine(run, "report.html"));
        Run("report", run);
        Assert.Equal(page, File.ReadAllBytes(Path.Combine(run, "report.html")));
        using var result = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "result.json")));
        Assert.Equal(3, result.RootElement.GetProperty("figures").GetProperty("classes").GetArrayLength());
        Assert.InRange(result.RootElement.GetProperty("clientMean").GetDouble(), 0.5, 1);

        Run("export", run, "--to", "csv");
        Run("export", run, "--to", "parquet", "-o", folder["m.parquet"]);
        Run("export", run, "--to", "tensorboard", "-o", folder["logs"]);
        Run("export", run, "--to", "svg");
        Run("export", run, "--to", "png");
        string[] lines = File.ReadAllLines(Path.Combine(run, "metrics.csv"));
        Assert.Equal(7, lines.Length);
        Assert.StartsWith("compressed,1,", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("fp32,3,", lines[6], StringComparison.Ordinal);
        Assert.EndsWith(",macroF1", lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.InRange(double.Parse(line.Split(',')[^1], CultureInfo.InvariantCulture), 0.05, 1));
        Assert.Contains("Macro F1 by round", Encoding.UTF8.GetString(page), StringComparison.Ordinal);
        // Both tables say the same, by the program's own readers.
        var terms = new TableTerms("run") { LeftOut = ["epsilon", "nextClip", "spread", "staleness", "linkSeconds"] };
        var (text, columns) = (Table.Read(Path.Combine(run, "metrics.csv"), terms), Table.Read(folder["m.parquet"], terms));
        int[] rows = [.. Enumerable.Range(0, 6)];
        Assert.Equal(text.Summarize(rows).ToJson(), columns.Summarize(rows).ToJson());
        Assert.True(File.Exists(Path.Combine(folder["logs"], "fp32", EventFile.Name)));
        var chart = XDocument.Load(Path.Combine(run, "charts", "accuracy-by-round.svg")).Root!;
        Assert.Equal(2, chart.Descendants().Count(element => element.Name.LocalName == "polyline"));
        string[] pictures = Directory.GetFiles(Path.Combine(run, "charts"), "*.png");
        Assert.Equal(Directory.GetFiles(Path.Combine(run, "charts"), "*.svg").Select(Path.GetFileNameWithoutExtension).Order(),
            pictures.Select(Path.GetFileNameWithoutExtension).Order());
        Assert.All(pictures, picture => Assert.Equal((1920, 1080), SizeOf(File.ReadAllBytes(picture))));
    }

    [Fact]
    public void A_run_that_is_half_there_or_of_another_version_is_refused_by_its_place()
    {
        string run = folder["half"];
        Directory.CreateDirectory(run);
        Refused("There is no run in", "report", run);
        File.Copy(Repository.Path("experiments/visits.json"), Path.Combine(run, "experiment.json"));
        string line = JsonSerializer.Serialize(new RoundLine(1, 0.5, 0.7, 10, 20, 0.25, 2, 1, [], []),
            MetricsJson.Default.RoundLine);
        string metrics = Path.Combine(run, "metrics.jsonl");
        File.WriteAllText(metrics, "");
        Refused("has no finished round", "export", run, "--to", "csv");
        File.WriteAllText(metrics, line + "\n");
        Refused("was stopped after 1 of 20 rounds", "report", run);
        Run("report", run, "-o", folder["so-far.html"]);
        Assert.Contains("1 of 20 rounds", File.ReadAllText(folder["so-far.html"]), StringComparison.Ordinal);
        File.WriteAllText(metrics, line + "\n" + line[..20]);
        Refused($"Line 2 of '{metrics}' is cut, damaged or of another version", "report", run, "-o", folder["x.html"]);
        File.WriteAllText(metrics, line + "\n" + line + "\n");
        Refused("it is not the next round's", "export", run, "--to", "parquet");
        File.WriteAllText(metrics, line + "\n");
        File.WriteAllText(Path.Combine(run, "run.json"), "{\"version\":2}");
        Refused("is of form 2, but this program reads 1", "report", run, "-o", folder["x.html"]);
        File.WriteAllText(Path.Combine(run, "run.json"), "{\"version\":1}");
        Refused("lacks a part", "report", run, "-o", folder["x.html"]);
    }

    // Of a PNG file: its signature, then the header of the picture.
    static (int Width, int Height) SizeOf(byte[] picture)
    {
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], picture[..4]);
        return (BinaryPrimitives.ReadInt32BigEndian(picture.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(picture.AsSpan(20)));
    }

    static void Refused(string message, params string[] arguments)
    {
        var run = Program.Run(arguments);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Equal(2, run.Code);
    }

    static void Run(params string[] arguments)
    {
        var run = Program.Run(arguments);
        Assert.True(run.Code == 0, $"{string.Join(' ', arguments)}: {run.Code} {run.Error}");
    }
}

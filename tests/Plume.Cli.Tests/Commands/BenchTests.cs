using System.Text.Json;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights.Formats;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Cli.Tests.Commands;

public class BenchTests
{
    static readonly string[] Quick = ["bench", "codec", "--seconds", "0.001"];

    [Fact]
    public void Json_is_an_array_with_one_object_of_the_documented_members_for_each_file_and_codec()
    {
        using var folder = new Folder();
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1));
        OnnxFile.WriteFile(folder["m.onnx"], graph);
        File.WriteAllBytes(folder["m.safetensors"], Safetensors.Write(graph.ToWeights()));
        NpyFile.Write(folder["m.npy"], graph.ToWeights().Values, graph.Weights.Length);
        Assert.Equal(0, Program.Run("compress", folder["m.onnx"], "--codec", "pack").Code);
        var run = Program.Run([.. Quick, folder.Path, "sparse(5k, 90%)", "--json", "--codec", "uniform(8) | rans", "--codec",
            "delta | uniform(4) | pack"]);

        Assert.Equal((0, ""), (run.Code, run.Error));
        using var array = JsonDocument.Parse(run.Output);
        var rows = array.RootElement.EnumerateArray().ToList();
        Assert.All(rows, row => Assert.Equal(
            ["file", "codec", "values", "bytes", "bitsPerParameter", "nmse", "encodeGBs", "decodeGBs", "addGBs"],
            row.EnumerateObject().Select(member => member.Name)));
        string[] files = [folder["m.npy"], folder["m.onnx"], folder["m.plume"], folder["m.safetensors"], "sparse(5k, 90%)"];
        Assert.Equal(files.SelectMany(file => new[] { (file, "uniform(8) | rans"), (file, "delta | uniform(4) | pack") }),
            rows.Select(row => (row.GetProperty("file").GetString()!, row.GetProperty("codec").GetString()!)));
        Assert.All(rows, row => Assert.Equal(row.GetProperty("codec").GetString()!.StartsWith("delta", StringComparison.Ordinal),
            row.GetProperty("addGBs").ValueKind == JsonValueKind.Null));
        long payload = new PayloadEncoder(Codec.Parse("uniform(8) | rans"), graph.Weights)
            .Encode(graph.ToWeights().Values, default).Length;
        Assert.All(new[] { 2, 4 }, row => Assert.Equal(payload, rows[row].GetProperty("bytes").GetInt64()));
    }

    [Fact]
    public void Without_codecs_there_is_a_choice_and_a_seed_draws_other_values()
    {
        var first = Program.Run([.. Quick, "normal(3k)"]);
        Assert.Equal(0, first.Code);
        Assert.StartsWith("normal(3k): 3,000 values, 12.0 kB in 32-bit floats\ncodec ", first.Output);
        Assert.Contains("topk(1%) | uniform(4) | rans", first.Output);
        Assert.Equal(Bytes("1"), Bytes("1"));
        Assert.NotEqual(Bytes("1"), Bytes("2"));

        static double Bytes(string seed)
        {
            using var array = JsonDocument.Parse(
                Program.Run([.. Quick, "normal(3k)", "--seed", seed, "--codec", "uniform(4) | rans", "--json", "--threads",
                    "2"]).Output);
            return array.RootElement[0].GetProperty("nmse").GetDouble();
        }
    }

    [Fact]
    public void A_plot_is_written_as_its_ending_says_and_replaces_an_older_one()
    {
        using var folder = new Folder();
        foreach (var (name, start) in new[] { ("p.png", "\u0089PNG"), ("p.SVG", "<?xml") })
        {
            File.WriteAllText(folder[name], "old");
            var run = Program.Run([.. Quick, "normal(3k)", "laplace(3k)", "--codec", "uniform(4) | rans", "--codec",
                "topk(5%) | pack", "--plot", folder[name]]);
            Assert.Equal((0, ""), (run.Code, run.Error));
            Assert.Contains("mean of 2 files", run.Output);
            Assert.StartsWith(start, File.ReadAllText(folder[name], System.Text.Encoding.Latin1));
        }

        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
    }

    [Theory]
    [InlineData(1, "Required argument 'file' missing for command: 'codec'. See 'plume bench codec --help'.")]
    [InlineData(1, "column 12: 'unifrm' is not a stage", "normal(1k)", "--codec", "topk(1%) | unifrm(4) | rans")]
    [InlineData(1, "column 8: '1000000000000' must be a whole number of values from 1 to 1G", "normal(1000000000000)")]
    [InlineData(1, "column 1: 'norml' is not a distribution; did you mean 'normal'?", "norml(1k)")]
    [InlineData(1, "but '/etc/hostname' is none of them", "/etc/hostname")]
    [InlineData(1, "--threads must be 1 or more, but is 0.", "normal(1k)", "--threads", "0")]
    [InlineData(1, "--seconds must be above 0 and at most 600, but is 0.", "normal(1k)", "--seconds", "0")]
    [InlineData(1, "--plot draws a .png or an .svg, but 'p.pdf' is neither.", "normal(1k)", "--plot", "p.pdf")]
    [InlineData(1, "but 'pack' makes none", "normal(1k)", "--codec", "pack", "--plot", "p.png")]
    [InlineData(2, "'/no/such.npy' cannot be opened", "normal(1k)", "/no/such.npy")]
    [InlineData(2, "'/no/such.safetensors' cannot be opened", "/no/such.safetensors")]
    [InlineData(3, "The picture '/proc/p.png' cannot be written", "normal(1k)", "--plot", "/proc/p.png")]
    [InlineData(3, "The picture '/no/such/p.png' cannot be written: There is no folder '/no/such'.", "normal(1k)", "--plot",
        "/no/such/p.png")]
    public void A_mistake_gives_one_message_and_its_code_before_anything_is_measured(int code, string message,
        params string[] arguments)
    {
        var run = InProcess.Run(["bench", "codec", .. arguments]);
        Assert.Equal(code, run.Code);
        Assert.StartsWith("plume: ", run.Error);
        Assert.Contains(message, run.Error);
        Assert.DoesNotContain("   at ", run.Error);
        Assert.Empty(run.Output);
    }

    [Fact]
    public void A_picture_of_codecs_that_made_no_error_is_not_written()
    {
        using var folder = new Folder();
        NpyFile.Write(folder["zeros.npy"], new float[500], 500);
        var run = Program.Run([.. Quick, folder["zeros.npy"], "--codec", "uniform(4) | rans", "--plot", folder["p.png"]]);
        Assert.Equal(2, run.Code);
        Assert.Contains("No codec made an error on these values, so there is nothing to draw", run.Error);
        Assert.Single(Directory.GetFiles(folder.Path));
    }
}

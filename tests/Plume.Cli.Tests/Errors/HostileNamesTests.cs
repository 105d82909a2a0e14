using System.Globalization;
using System.Text;
using Plume.Cli.Report;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Cli.Tests.Errors;

/// <summary>Names in files that would write on the terminal of whoever looks at them.</summary>
public sealed class HostileNamesTests : IDisposable
{
    const string Fake = "plume: all is well";

    public static TheoryData<string> Kinds => ["clears", "lies", "turns", "hides", "long", "marks"];

    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    static string Name(string kind) => kind switch
    {
        "clears" => "w\u001B[2J\u001B]0;title\a\u009B31m",
        "lies" => $"w\n{Fake}\r{Fake}\u2028{Fake}",
        "turns" => "w\u202Egnp.exe\u2066\u200F",
        "hides" => "w\u200B\uFEFF\u00AD\U000E0041",
        "long" => "w" + new string('x', 1 << 20),
        _ => "w[red]<script>alert(1)</script>[/]&\"'",
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_command_prints_what_a_tensor_is_called_as_it_is(string kind)
    {
        string name = Name(kind);
        var graph = Renamed(name);
        OnnxFile.WriteFile(folder["m.onnx"], graph);
        float[] strange = graph.ToWeights().Values.ToArray();
        Array.Fill(strange, float.NaN);
        OnnxFile.WriteFile(folder["nan.onnx"], graph.With(new ModelWeights(graph.Weights, strange)));
        File.WriteAllBytes(folder["m.safetensors"], Safetensors.Write(graph.ToWeights()));
        Shown("inspect", folder["m.onnx"]);
        Shown("inspect", folder["m.safetensors"]);
        Shown("bench", "codec", folder["m.onnx"], "--codec", "pack", "--seconds", "0.001");
        Shown("bench", "codec", folder["nan.onnx"], "--codec", "pack");
        Shown("compress", folder["nan.onnx"], "--codec", "uniform(4) | pack", "-o", folder["x.plume"]);
        Shown("compress", folder["m.onnx"], "-o", folder["m.plume"]);
        Shown("inspect", folder["m.plume"], "--against", folder["m.onnx"]);
        Shown("prune", folder["m.onnx"], "--channels", "50%", "-o", folder["p.onnx"]);
        Shown("prune", folder["m.onnx"], "--connections", "50%", "--leave-alone", "nothing", "-o", folder["p.onnx"]);
        Shown("quantize", folder["m.onnx"], "--activations", "none", "--bits", "4", "-o", folder["q.onnx"]);
        Shown("evaluate", folder["m.onnx"], "--data", folder["none.npy"]);
        byte[] damaged = File.ReadAllBytes(folder["m.safetensors"]);
        File.WriteAllBytes(folder["m.safetensors"],
            Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(damaged).Replace("F32", "F99", StringComparison.Ordinal)));
        Shown("inspect", folder["m.safetensors"]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_command_prints_what_stands_in_an_experiment_or_a_table_as_it_is(string kind)
    {
        string text = Name(kind), json = System.Text.Json.JsonSerializer.Serialize(text[..Math.Min(text.Length, 1 << 18)]);
        File.WriteAllText(folder["keys.json"], $$"""{ {{json}}: 1, "rounds": {{json}}, "data": { "set": {{json}}, "file": {{json}}, "partition": {{json}} }, "uplink": {{json}} }""");
        Shown("simulate", folder["keys.json"]);
        Shown("serve", "--config", folder["keys.json"]);
        Shown("simulate", "--set", $"{text}=1");
        Shown("simulate", "--set", $"data.set={text}");
        Shown("join", "http://127.0.0.1:1", "--name", text, "--data", "digits");
        Shown(text);
        Shown("compress", folder["m.onnx"], $"--{text}");
        File.WriteAllText(folder["t.csv"],
            $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\",label\n1,{(kind == "lies" ? "0" : text)}\n");
        Shown("evaluate", Written(), "--data", folder["t.csv"]);
        Shown("evaluate", Written(), "--data", folder["t.csv"], "--label", "other");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_file_is_called_as_it_is(string kind)
    {
        string name = Name(kind)[..Math.Min(Name(kind).Length, 100)].Replace('/', '_');
        File.Copy(Written(), folder[$"{name}.onnx"]);
        File.WriteAllText(folder[$"{name}.json"], "{");
        Shown("bench", "codec", folder.Path, "--codec", "pack", "--seconds", "0.001");
        Shown("inspect", folder[$"{name}.onnx"]);
        Shown("compress", folder[$"{name}.onnx"], "-o", folder[$"{name}.plume"]);
        Shown("simulate", folder[$"{name}.json"]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_page_and_a_picture_show_names_and_do_not_do_what_they_say(string kind)
    {
        string name = Name(kind);
        var report = Some.Report() with
        {
            Title = name,
            Subtitle = name,
            Tensors = [new TensorBits(name, name, name, 3, 1, 1)],
            Settings = [(name, name)],
        };
        string page = ReportPage.Render(report);
        Clean(page, 20_000);
        Assert.DoesNotContain("<script", page);
    }

    string Written()
    {
        if (!File.Exists(folder["plain.onnx"]))
            OnnxFile.WriteFile(folder["plain.onnx"], ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1)));
        return folder["plain.onnx"];
    }

    static ModelGraph Renamed(string name)
    {
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1));
        string old = graph.Weights.Tensors[0].Name;
        return new ModelGraph(name, graph.Inputs, graph.Outputs,
            [.. graph.Nodes.Select(node =>
                new Node($"{node.Name}{name}", node.OpType, [.. node.Inputs.Select(input => input == old ? name : input)],
                    node.Outputs, node.Attributes))],
            [.. graph.Initializers.Select(tensor => tensor.Name == old
                ? new Initializer(name, tensor.ElementType, tensor.Shape, tensor.Data) : tensor)]);
    }

    static void Shown(params string[] line)
    {
        var ended = InProcess.Run(line);
        Clean(ended.Output, 5000);
        Clean(ended.Error, 5000);
        Assert.DoesNotContain("defect in Plume", ended.Error);
    }

    static void Clean(string text, int longestLine)
    {
        foreach (string line in text.Split('\n'))
        {
            Assert.DoesNotContain(line.EnumerateRunes(), rune => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control
                or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            Assert.False(line.TrimStart().StartsWith(Fake, StringComparison.Ordinal), line);
            Assert.InRange(line.Length, 0, longestLine);
        }
    }
}

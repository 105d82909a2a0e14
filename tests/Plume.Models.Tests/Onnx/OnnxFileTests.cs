using System.Runtime.CompilerServices;
using Plume.Models.Building;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Models.Tests;

public class OnnxFileTests
{
    public static TheoryData<string> Names => [.. ModelZoo.Names];

    [Theory, MemberData(nameof(Names))]
    public void Reading_and_writing_gives_the_bytes_back(string name)
    {
        byte[] bytes = OnnxFile.Write(Some.Trained(Some.Model(name)));

        Assert.Equal(bytes, OnnxFile.Write(OnnxFile.Read(bytes)));
    }

    [Theory, MemberData(nameof(Names))]
    public void A_model_read_back_has_the_same_layout_and_values(string name)
    {
        var graph = Some.Trained(Some.Model(name));

        var back = OnnxFile.Read(OnnxFile.Write(graph));

        Assert.Equal(graph.Weights, back.Weights);
        Assert.Equal(graph.ToWeights().Values, back.ToWeights().Values);
        Assert.Equal(name, back.Name);
        Assert.Equal(ModelGraph.DefaultOpset, back.OpsetVersion);
        Assert.Equal("input: Float [N, 1, 28, 28]", Assert.Single(back.Inputs).ToString());
        Assert.Equal("output: Float [N, 10]", Assert.Single(back.Outputs).ToString());
    }

    [Fact]
    public void Everything_that_a_graph_can_hold_survives_a_file()
    {
        var attributes = new Dictionary<string, AttributeValue>
        {
            ["a_float"] = 0.5f,
            ["an_int"] = -3L,
            ["a_text"] = "größer",
            ["a_tensor"] = Initializer.Of("", [2, 0], ReadOnlySpan<float>.Empty),
            ["floats"] = new float[] { 1, float.NegativeInfinity },
            ["ints"] = new long[] { long.MinValue, 0 },
            ["texts"] = new TextsValue(["", "b"]),
        };
        var graph = new ModelGraph(
            "all",
            [new("x", ElementType.Int8, ["N", 0, Dimension.Symbol("")]), new("scalar", ElementType.Bool, [])],
            [new("y", ElementType.Float16, []) { HasShape = false }],
            [new("", "com.microsoft.nchwc.Conv", ["x", "", "c"], ["", "y"], attributes)],
            [new("c", ElementType.BFloat16, [3], new byte[6])],
            opsetVersion: 17)
        {
            ExtensionOpsets = new Dictionary<string, int> { ["com.microsoft.nchwc"] = 1 },
            Metadata = new Dictionary<string, string> { ["codec"] = "topk(1%)" },
        };

        var back = OnnxFile.Read(OnnxFile.Write(graph));

        Assert.Equal(OnnxFile.Write(graph), OnnxFile.Write(back));
        Assert.Equal(17, back.OpsetVersion);
        Assert.Equal(1, back.ExtensionOpsets["com.microsoft.nchwc"]);
        Assert.Equal("topk(1%)", back.Metadata["codec"]);
        Assert.Equal(["x: Int8 [N, 0, ?]", "scalar: Bool []", "y: Float16 of unknown shape"],
            [.. back.Inputs.Concat(back.Outputs).Select(value => value.ToString())]);
        var node = Assert.Single(back.Nodes);
        Assert.Equal("com.microsoft.nchwc.Conv", node.OpType);
        Assert.Equal(["x", "", "c"], node.Inputs);
        Assert.Equal("größer", node.Text("a_text", ""));
        Assert.Equal([long.MinValue, 0], node.Ints("ints"));
        Assert.Equal([1, float.NegativeInfinity], node.Floats("floats"));
        Assert.Equal([2, 0], node.Tensor("a_tensor")!.Shape);
        Assert.Equal(0.5f, node.Float("a_float", 0));
        Assert.Equal(-3, node.Int("an_int", 0));
        Assert.Equal(["", "b"], ((TextsValue)node.Attributes["texts"]).Values);
    }

    [Fact]
    public void The_bytes_of_a_small_model_are_those_of_the_golden_file()
    {
        string golden = Path.Combine(Folder(), "..", "..", "golden", "tiny.onnx");

        Assert.Equal(File.ReadAllBytes(golden), OnnxFile.Write(Tiny()));
    }

    [Fact]
    public void A_file_is_replaced_whole_and_leaves_nothing_beside_it()
    {
        var folder = Directory.CreateTempSubdirectory("plume-onnx-");
        try
        {
            string path = Path.Combine(folder.FullName, "model.onnx");
            OnnxFile.WriteFile(path, Some.Model("mlp"));
            OnnxFile.WriteFile(path, Tiny());

            Assert.Equal(OnnxFile.Write(Tiny()), OnnxFile.Write(OnnxFile.ReadFile(path)));
            Assert.Equal([path], Directory.GetFiles(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_file_that_cannot_be_put_in_place_leaves_nothing_beside_it()
    {
        var folder = Directory.CreateTempSubdirectory("plume-onnx-");
        try
        {
            string taken = Path.Combine(folder.FullName, "model.onnx");
            Directory.CreateDirectory(taken);

            Assert.ThrowsAny<Exception>(() => OnnxFile.WriteFile(taken, Tiny()));
            Assert.Empty(Directory.GetFiles(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    internal static ModelGraph Tiny() => new GraphBuilder([1, 6, 6], Some.Key)
        .Conv("conv", channels: 2, kernel: 3).BatchNorm("bn").Relu().MaxPool(2).Flatten().Dense("fc", 3)
        .Build("tiny");

    static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
